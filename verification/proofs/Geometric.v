(** Capture with explicit times. A chain contracts F on average by q where F <= top, and from where
    F > top, M draws lower the mean of U = min(F, top) by the factor s^M. Then U has a mean of at
    most s^(t-M) U after t draws (low states gain s in one draw, high ones s^M in M draws), and
    from a state with F = c <= top the curve c' q^t is ever crossed with chance at most c/c'
    (Ville's inequality; no state above top comes before the first crossing, so the contraction
    always applies). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Capture Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Powers.
Variable R : realFieldType.
Implicit Types x s : R.

Lemma pow_le1 s n : 0 <= s -> s <= 1 -> s ^+ n <= 1.
Proof. by move=> s0 s1; exact: exprn_ile1. Qed.

Lemma pow_anti s i j : 0 <= s -> s <= 1 -> (i <= j)%N -> s ^+ j <= s ^+ i.
Proof.
move=> s0 s1 ij; rewrite -(subnKC ij) exprD; have si : 0 <= s ^+ i by rewrite exprn_ge0.
by have := pow_le1 (j - i) s0 s1 => le1; cert (s ^+ i * (1 - s ^+ (j - i))).
Qed.

(** Bernoulli's inequality, for powers below and above. *)
Lemma bernoulli_up s n : 0 <= s -> s <= 1 -> 1 - n%:R * (1 - s) <= s ^+ n.
Proof.
move=> s0 s1; elim: n => [|n IH]; first by rewrite expr0 mul0r subr0 lexx.
have sn := pow_le1 n s0 s1; have n0 : 0 <= n%:R :> R := ler0n _ _.
rewrite exprS -addn1 natrD.
by cert ((s ^+ n - (1 - n%:R * (1 - s))) + (1 - s) * (1 - s ^+ n)).
Qed.

Lemma bernoulli_down s n : 0 <= s -> s <= 1 -> s ^+ n * (1 + n%:R * (1 - s)) <= 1.
Proof.
move=> s0 s1; elim: n => [|n IH]; first by rewrite expr0 mul0r addr0 mulr1.
apply: le_trans IH; have sn : 0 <= s ^+ n by rewrite exprn_ge0.
have n0 : 0 <= n%:R :> R := ler0n _ _.
by rewrite exprS -addn1 natrD; cert (s ^+ n * ((n%:R + 1) * (1 - s) ^+ 2)).
Qed.

(** So a factor s is halved in n steps if n (1 - s) >= 1. *)
Lemma halved s n : 0 <= s -> s <= 1 -> 1 <= n%:R * (1 - s) -> s ^+ n <= 2%:R^-1.
Proof.
move=> s0 s1 n1; have b := bernoulli_down n s0 s1; have sn : 0 <= s ^+ n by rewrite exprn_ge0.
have n1' : 0 <= n%:R * (1 - s) - 1 by rewrite subr_ge0.
move: (s ^+ n) (n%:R * (1 - s)) b sn n1' => x y b x0 y1.
by cert ((1 - x * (1 + y)) / 2%:R + x * (y - 1) / 2%:R).
Qed.

Lemma halved_often s n j : 0 <= s -> s <= 1 -> 1 <= n%:R * (1 - s) -> s ^+ (n * j) <= 2%:R^-1 ^+ j.
Proof.
move=> s0 s1 n1; have h := halved s0 s1 n1; rewrite exprM.
elim: j => [|j IH]; first by rewrite !expr0 lexx.
by rewrite !exprS; apply: mul_le; rewrite ?exprn_ge0.
Qed.
End Powers.

Section Rate.
Variables (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W).
Hypothesis Om0 : (0 < #|Om|)%N.
Local Notation mean := (@mean R Om).
Variables (inv : W -> Prop) (F : W -> R) (top q : R).
Hypotheses (inv_next : forall o w, inv w -> inv (next o w))
  (F0 : forall w, inv w -> 0 <= F w) (top0 : 0 < top) (q0 : 0 < q) (q1 : q < 1)
  (contracts : forall w, inv w -> F w <= top -> mean (fun o => F (next o w)) <= q * F w).
Local Notation U := (U F top).
Local Notation mean_after := (mean_after next).

(** ** The mean of min(F, top) *)
Section Mean.
Variables (s : R) (M : nat).
Hypotheses (s0 : 0 < s) (s1 : s <= 1) (qs : q <= s) (M0 : (0 < M)%N)
  (high : forall w, inv w -> mean_after M U w <= s ^+ M * top \/ F w <= top).

Lemma U_le1 t w : inv w -> mean_after t U w <= U w.
Proof. by move=> iw; exact: (mean_after_le Om0 inv_next F0 q1 contracts t iw). Qed.

Lemma mean_geometric t w : inv w -> s ^+ M * mean_after t U w <= s ^+ t * U w.
Proof.
have s0' := ltW s0; have t0 := ltW top0.
elim/ltn_ind: t w => t IH w iw; have u0 := U_ge0 F0 top0 iw.
have sp k : 0 <= s ^+ k by rewrite exprn_ge0.
case: (lerP (F w) top) => low.
  case: t IH => [|t] IH; first by rewrite expr0 mul1r /= -[X in _ <= X]mul1r;
    apply: mul_le; rewrite ?lexx //; exact: pow_le1.
  rewrite /= -mean_scale; apply: (@le_trans _ _ (mean (fun o => s ^+ t * U (next o w)))).
    by apply: ler_mean => // o; apply: IH => //; exact: inv_next.
  rewrite mean_scale exprSr -mulrA; apply: mul_le; rewrite ?lexx //.
    rewrite /Definitions.mean mulr_ge0 ?invr_ge0 ?ler0n //.
    by apply: sumr_ge0 => o _; exact: (U_ge0 F0 top0 (inv_next o iw)).
  apply: (@le_trans _ _ (q * U w)); last by cert ((s - q) * U w).
  rewrite {2}/Capture.U low; apply: le_trans (contracts iw low).
  by apply: ler_mean => // o; exact: U_le.
case: (ltnP t M) => tM.
  apply: mul_le; rewrite ?sp //; last exact: U_le1.
    elim: t w iw {u0 low IH tM} => [|t IH] w iw /=; first exact: (U_ge0 F0 top0 iw).
    rewrite /Definitions.mean mulr_ge0 ?invr_ge0 ?ler0n // sumr_ge0 // => o _.
    exact: IH (inv_next o iw).
  by apply: pow_anti => //; exact: ltnW.
have Uw : U w = top by rewrite /Capture.U leNgt low.
have tE : (t = M + (t - M))%N by rewrite subnKC.
have less : (t - M < t)%N by rewrite -subn_gt0 subKn.
rewrite {1}tE mean_after_add -mean_after_scale.
apply: (@le_trans _ _ (mean_after M (fun v => s ^+ (t - M) * U v) w)).
  by apply: (ler_mean_after Om0 inv_next) => // v iv; exact: IH.
rewrite mean_after_scale Uw [in X in _ <= X]tE exprD [s ^+ M * _]mulrC -mulrA.
rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
by case: (high iw) => //; rewrite leNgt low.
Qed.

Lemma mean_geometric_after t w : inv w -> mean_after (M + t) U w <= s ^+ t * U w.
Proof.
move=> iw; have := mean_geometric (M + t) iw; rewrite exprD -mulrA.
by rewrite -subr_ge0 -mulrBr pmulr_rge0 ?exprn_gt0 // subr_ge0.
Qed.
End Mean.

(** ** Below a geometric curve for ever *)
Fixpoint crosses (c : R) w (run_ : seq Om) : bool :=
  (c <= F w) || (if run_ is o :: rest then crosses (c * q) (next o w) rest else false).

Lemma crosses_chance T w c : inv w -> 0 < c -> c <= top -> chance R T (crosses c w) <= F w / c.
Proof.
elim: T w c => [|T IH] w c iw c0 ct; have f0 := F0 iw; case: (lerP c (F w)) => [big|small].
- by apply: le_trans (one_le_ratio c0 big); exact: chance_le1.
- by rewrite chance0 /= (leNgt c (F w)) small /= mulr_ge0 // invr_ge0 ltW.
- by apply: le_trans (one_le_ratio c0 big); exact: chance_le1.
have cq0 : 0 < c * q by rewrite mulr_gt0.
have cqt : c * q <= top by apply: le_trans ct; have c0' := ltW c0; have q1' := ltW q1;
  cert (c * (1 - q)).
rewrite chanceS //; apply: (@le_trans _ _ (mean (fun o => (c * q)^-1 * F (next o w)))).
  apply: ler_mean => // o; rewrite (@eq_chance _ _ _ _ (crosses (c * q) (next o w))); last first.
    by move=> r; rewrite /= (leNgt c (F w)) small.
  by rewrite [(c * q)^-1 * _]mulrC; apply: IH => //; exact: inv_next.
rewrite mean_scale; have fl : F w <= top by apply: le_trans ct; exact: ltW.
have -> : F w / c = (c * q)^-1 * (q * F w) by field; rewrite !gt_eqF.
apply: mul_le; rewrite ?lexx //; first by rewrite invr_ge0 ltW.
  rewrite /Definitions.mean mulr_ge0 ?invr_ge0 ?ler0n // sumr_ge0 // => o _; exact: F0 (inv_next o iw).
exact: contracts.
Qed.

Lemma crosses_U T w : inv w -> chance R T (crosses top w) <= U w / top.
Proof.
move=> iw; rewrite /Capture.U; case: (lerP (F w) top) => low.
  by apply: crosses_chance => //; exact: lexx.
by rewrite divff ?gt_eqF //; exact: chance_le1.
Qed.

Fixpoint crosses_after T0 (c : R) w (run_ : seq Om) : bool :=
  if T0 is T1.+1 then (if run_ is o :: rest then crosses_after T1 c (next o w) rest else false)
  else crosses c w run_.

Lemma crosses_after_chance T0 T w : inv w ->
  chance R (T0 + T) (crosses_after T0 top w) <= mean_after T0 U w / top.
Proof.
elim: T0 w => [|T0 IH] w iw; first exact: crosses_U.
rewrite addSn chanceS //= mulrC -mean_scale.
by apply: ler_mean => // o; rewrite mulrC; exact: IH (inv_next o iw).
Qed.

Lemma below_curve c w r t x : ~~ crosses c w r -> (t <= size r)%N ->
  F (nth x (states next w r) t) < c * q ^+ t.
Proof.
elim: r w c t => [|o r IH] w c [|t] //=; rewrite ?orbF ?negb_or -?ltNge.
- by move=> h _; rewrite expr0 mulr1.
- by case/andP => h _ _; rewrite expr0 mulr1.
by case/andP => _ h tr; rewrite exprS mulrA; exact: IH.
Qed.

Lemma below_curve_after T0 c w r t x : ~~ crosses_after T0 c w r -> (T0 <= t)%N ->
  (t <= size r)%N ->
  F (nth x (states next w r) t) < c * q ^+ (t - T0).
Proof.
elim: T0 w r t => [|T0 IH] w r t; first by rewrite subn0 => h _; exact: below_curve.
case: t => // t; case: r => [|o r] //= h; rewrite ltnS subSS => h1 h2; exact: IH.
Qed.

(** Both together: but for a chance of s^t, F is below top q^k at step M + t + k, for all k. *)
Theorem captured_for_good (s : R) (M t T : nat) w : 0 < s -> s <= 1 -> q <= s -> (0 < M)%N ->
  (forall v, inv v -> mean_after M U v <= s ^+ M * top \/ F v <= top) -> inv w ->
  chance R (M + t + T) (crosses_after (M + t) top w) <= s ^+ t.
Proof.
move=> s0 s1 qs M0 high iw; apply: le_trans (crosses_after_chance _ _ iw) _.
have ti : 0 <= top^-1 by rewrite invr_ge0 ltW.
have -> : s ^+ t = s ^+ t * top / top by rewrite mulfK // gt_eqF.
rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
apply: le_trans (mean_geometric_after s0 s1 qs M0 high t iw) _.
rewrite -subr_ge0 -mulrBr mulr_ge0 ?exprn_ge0 ?(ltW s0) // subr_ge0; exact: U_le_top.
Qed.
End Rate.
