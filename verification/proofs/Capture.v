(** Capture: a chain that contracts F on average while F is small, and that can always bring F low
    by some fixed number of draws, drives F to 0 almost surely. No martingale theory: the truncated
    function min(F, top) contracts in blocks of M draws. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Capture.
Variables (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W).
Hypothesis Om0 : (0 < #|Om|)%N.
Local Notation mean := (@mean R Om).
Local Notation k := (#|Om|%:R : R).

Fixpoint mean_after T (G : W -> R) w : R :=
  if T is T'.+1 then mean (fun o => mean_after T' G (next o w)) else G w.

Local Notation run := (run next).

Variables (inv : W -> Prop) (F : W -> R) (top q : R) (M : nat).
Hypotheses (inv_next : forall o w, inv w -> inv (next o w))
  (F0 : forall w, inv w -> 0 <= F w) (top0 : 0 < top)
  (q0 : 0 <= q) (q1 : q < 1)
  (contracts : forall w, inv w -> F w <= top -> mean (fun o => F (next o w)) <= q * F w)
  (M0 : (0 < M)%N)
  (reaches : forall w, inv w -> exists2 s : seq Om, size s = M & F (run w s) <= top / 2%:R).

Definition U w : R := if F w <= top then F w else top.

Lemma k_gt0 : 0 < k. Proof. by rewrite ltr0n. Qed.

Lemma U_le_top w : U w <= top.
Proof. by rewrite /U; case: ifP => // _; exact: lexx. Qed.
Lemma U_le w : U w <= F w.
Proof. by rewrite /U; case: (lerP (F w) top) => [_|/ltW //]; exact: lexx. Qed.
Lemma U_ge0 w : inv w -> 0 <= U w.
Proof. by move=> iw; rewrite /U; case: ifP => _; [exact: F0 | exact: ltW]. Qed.

Lemma mean_const (x : R) : mean (fun _ => x) = x.
Proof.
have -> : mean (fun _ => x) = x * k / k.
  by rewrite /Definitions.mean sumr_const [x * k]mulr_natr; congr (_ *+ _ / _); apply: eq_card.
by rewrite mulfK // gt_eqF // k_gt0.
Qed.

Lemma mean_top (G : Om -> R) : (forall o, G o <= top) -> mean G <= top.
Proof. by move=> Gt; rewrite -[X in _ <= X]mean_const; exact: ler_mean. Qed.

Lemma U_drift w : inv w -> mean (fun o => U (next o w)) <= 1 * U w.
Proof.
move=> iw; rewrite mul1r {2}/U; case: (boolP (F w <= top)) => low.
  apply: (@le_trans _ _ (mean (fun o => F (next o w)))); first by apply: ler_mean => // o; exact: U_le.
  apply: le_trans (contracts iw low) _; have f0 := F0 iw; have q1' := ltW q1.
  by cert ((1 - q) * F w).
by apply: mean_top => o; exact: U_le_top.
Qed.

Lemma mean_after_le T w : inv w -> mean_after T U w <= U w.
Proof.
elim: T w => [|T IH] w iw; first exact: lexx.
rewrite /= -[X in _ <= X]mul1r; apply: le_trans (U_drift iw).
by apply: ler_mean => // o; exact: IH (inv_next o iw).
Qed.

Lemma mean_after_top T w : inv w -> mean_after T U w <= top.
Proof. by move=> iw; apply: le_trans (mean_after_le T iw) (U_le_top w). Qed.

(** One good sequence lowers the mean. *)
Lemma mean_after_run s w : inv w ->
  mean_after (size s) U w <= top - (top - U (run w s)) / k ^+ size s.
Proof.
elim: s w => [|o s IH] w iw /=; first by rewrite expr0 divr1 opprB addrC subrK lexx.
rewrite /Definitions.mean (bigD1 o) //=; set rest := (X in _ + X).
have rest_le : rest <= (k - 1) * top.
  have -> : (k - 1) * top = \sum_(i | i != o) top.
    rewrite sumr_const -[RHS]mulr_natl; congr (_ * _).
    have -> : #|(fun i => i != o) : pred Om| = (#|Om| - 1)%N by rewrite subn1 -(cardC1 o); apply: eq_card.
    by rewrite natrB.
  by apply: ler_sum => i _; exact: mean_after_top (inv_next i iw).
have first_le := IH (next o w) (inv_next o iw).
have ki : 0 <= k^-1 by rewrite invr_ge0 ltW // k_gt0.
have kn : k != 0 by rewrite gt_eqF // k_gt0.
set x := mean_after _ _ _ in first_le *; set y := U _ in first_le *.
apply: (@le_trans _ _ ((top - (top - y) / k ^+ size s + (k - 1) * top) / k)).
  rewrite -subr_ge0 -mulrBl mulr_ge0 //.
  by cert ((top - (top - y) / k ^+ size s - x) + ((k - 1) * top - rest)); rewrite subr_ge0.
rewrite exprS; have -> : (top - (top - y) / k ^+ size s + (k - 1) * top) / k =
  top - (top - y) / (k * k ^+ size s) by field; rewrite kn expf_neq0.
exact: lexx.
Qed.

Definition slow : R := 1 - (2%:R * k ^+ M)^-1.
Definition block : R := if q <= slow then slow else q.

Lemma kM : 1 <= k ^+ M.
Proof. by rewrite -natrX ler1n expn_gt0 Om0. Qed.

Lemma slow_bounds : 0 <= slow /\ slow < 1.
Proof.
have k1 := kM; have kp : 0 < 2%:R * k ^+ M by rewrite mulr_gt0 ?ltr0n // (lt_le_trans ltr01).
split; last by rewrite /slow -subr_gt0 opprB addrC subrK invr_gt0.
have -> : slow = ((k ^+ M - 1) + k ^+ M) / (2%:R * k ^+ M).
  rewrite /slow; field; rewrite gt_eqF //; exact: lt_le_trans ltr01 k1.
have k0 := le_trans ler01 k1.
by rewrite mulr_ge0 ?invr_ge0 ?(ltW kp) // addr_ge0 ?subr_ge0.
Qed.

Lemma block_bounds : 0 <= block /\ block < 1.
Proof. by rewrite /block; case: ifP => _; [exact: slow_bounds | split]. Qed.

Lemma block_drift w : inv w -> mean_after M U w <= block * U w.
Proof.
move=> iw; have u0 := U_ge0 iw.
have qb : q <= block by rewrite /block; case: ifP => // _; exact: lexx.
have sb : slow <= block.
  by rewrite /block; case: (lerP q slow) => [_|/ltW //]; exact: lexx.
case: (boolP (F w <= top)) => low.
  have Uw : U w = F w by rewrite /U low.
  move: M0; case: M => // T _ /=; apply: (@le_trans _ _ (q * U w)).
    rewrite Uw; apply: le_trans (contracts iw low); apply: ler_mean => // o.
    by apply: le_trans (mean_after_le _ (inv_next o iw)) (U_le _).
  by cert ((block - q) * U w).
have Uw : U w = top by rewrite /U (negbTE low).
have [s sM good] := reaches iw.
have := mean_after_run s iw; rewrite sM => le1; apply: le_trans le1 _.
have Ug : U (run w s) <= top / 2%:R := le_trans (U_le _) good.
have k0 : 0 < k ^+ M := lt_le_trans ltr01 kM.
have ki : 0 <= (k ^+ M)^-1 by rewrite invr_ge0 ltW.
rewrite Uw; have t0 := ltW top0; apply: (@le_trans _ _ (slow * top)).
  rewrite -subr_ge0; set d := (X in 0 <= X).
  have -> : d = (top / 2%:R - U (run w s)) / k ^+ M by rewrite /d /slow; field; rewrite gt_eqF.
  by rewrite mulr_ge0 // subr_ge0.
by cert ((block - slow) * top).
Qed.

Lemma ler_mean_after T (G H : W -> R) w : (forall v, inv v -> G v <= H v) -> inv w ->
  mean_after T G w <= mean_after T H w.
Proof.
move=> GH; elim: T w => [|T IH] w iw /=; first exact: GH.
by apply: ler_mean => // o; exact: IH (inv_next o iw).
Qed.

Lemma mean_after_add S T G w : mean_after (S + T) G w = mean_after S (mean_after T G) w.
Proof.
elim: S w => // S IH w; rewrite addSn /= /Definitions.mean; congr (_ / _).
by apply: eq_bigr => o _; exact: IH.
Qed.

Lemma mean_after_scale T (x : R) G w : mean_after T (fun v => x * G v) w = x * mean_after T G w.
Proof.
elim: T w => //= T IH w; rewrite -mean_scale /Definitions.mean; congr (_ / _).
by apply: eq_bigr => o _; exact: IH.
Qed.

Lemma blocks j w : inv w -> mean_after (j * M) U w <= block ^+ j * U w.
Proof.
move=> iw; have [b0 _] := block_bounds.
elim: j => [|j IH]; first by rewrite mul0n expr0 mul1r lexx.
rewrite mulSn addnC mean_after_add.
apply: (@le_trans _ _ (mean_after (j * M) (fun v => block * U v) w)).
  by apply: ler_mean_after => // v; exact: block_drift.
rewrite mean_after_scale exprS -mulrA -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: IH.
Qed.

Lemma late_U e T0 T w : 0 < e -> inv w ->
  chance R (T0 + T) (late next T0 (fun v => e <= U v) w) <= mean_after T0 U w / e.
Proof.
move=> e0; elim: T0 w => [|T0 IH] w iw.
  exact: (@maximal _ _ Om0 W next inv U 1 inv_next U_ge0 U_drift ler01 (lexx _) e e0 T w iw).
rewrite addSn chanceS //=; apply: (@le_trans _ _ (mean (fun o => mean_after T0 U (next o w) / e))).
  by apply: ler_mean => // o; exact: IH (inv_next o iw).
rewrite le_eqVlt; apply/orP; left; apply/eqP.
by rewrite mulrC -mean_scale /Definitions.mean; congr (_ / _); apply: eq_bigr => o _; rewrite mulrC.
Qed.

Theorem captured w : archimedean R -> inv w -> vanishes_almost_surely next F w.
Proof.
move=> arch iw e p e0 p0; have [b0 b1] := block_bounds.
pose e' := if e <= top then e else top.
have e'0 : 0 < e' by rewrite /e'; case: ifP.
have x0 : 0 <= U w / e' by rewrite mulr_ge0 ?U_ge0 // invr_ge0 ltW.
have [j small] := geometric_small arch b0 b1 x0 p0; exists (j * M)%N => T.
apply: le_trans small.
apply: (@le_trans _ _ (chance R (j * M + T) (late next (j * M) (fun v => e' <= U v) w))).
  apply: ler_chance => s; rewrite /late; apply: sub_has => v ev.
  rewrite /e' /U; case: (lerP e top) => et; case: (lerP (F v) top) => ft //.
  by apply: le_trans ev; exact: ltW.
apply: le_trans (late_U (j * M) T e'0 iw) _.
have ei : 0 <= e'^-1 by rewrite invr_ge0 ltW.
rewrite mulrA -subr_ge0 -mulrBl mulr_ge0 // subr_ge0; exact: blocks.
Qed.
End Capture.
