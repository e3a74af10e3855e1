(** Every eligible point i is the limit with positive probability. Finitely many well-chosen
    batches, all with i, first make i the leader and then bring the functional [far] below 1/4 with
    leader i; this beginning has a positive chance. From there Ville's inequality keeps [far] below
    1/2 for ever with chance at least 1/2, and while it is below 1/2 no step can change the leader.
    As [far] tends to 0 almost surely, the weights then tend to the point of the leader, which is
    i. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Chances *)
Section Chances.
Variables (R : realFieldType) (Om : finType).
Hypothesis Om0 : (0 < #|Om|)%N.
Local Notation k := (#|Om|%:R : R).
Local Notation chance := (@chance R Om).
Let k_gt0 : 0 < k. Proof. by rewrite ltr0n. Qed.

Lemma chance_ge0 T P : 0 <= chance T P.
Proof. by rewrite /Definitions.chance mulr_ge0 ?invr_ge0 ?ler0n. Qed.

(** Three events that leave nothing out. *)
Lemma chance_cover T (P Q S : pred (seq Om)) : (forall s, [|| P s, Q s | S s]) ->
  1 <= chance T P + chance T Q + chance T S.
Proof.
elim: T P Q S => [|T IH] P Q S all.
  rewrite !chance0; have := all [::]; rewrite -!natrD ler1n.
  by case: (P _) (Q _) (S _) => [|] [|] [|].
rewrite !chanceS // -!mean_add -[X in X <= _](mean_const Om0).
by apply: ler_mean => // o; apply: IH => s; exact: all.
Qed.

(** A run that begins with the draws s0. *)
Lemma chance_prefix s0 T (P : pred (seq Om)) :
  (k^-1) ^+ size s0 * chance T (fun s => P (s0 ++ s)) <= chance (size s0 + T) P.
Proof.
elim: s0 P => [|o s0 IH] P /=; first by rewrite expr0 mul1r lexx.
rewrite addSn chanceS // exprS -mulrA /mean (bigD1 o) //= mulrDl.
have ki : 0 <= k^-1 by rewrite invr_ge0 ltW.
apply: (@le_trans _ _ (k^-1 * chance (size s0 + T) (fun s => P (o :: s)))).
  by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: (IH (fun s => P (o :: s))).
rewrite mulrC -subr_ge0 addrC addKr mulr_ge0 //; apply: sumr_ge0 => o' _; exact: chance_ge0.
Qed.
End Chances.

Section EveryPoint.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation little := (little m b eta).
Local Notation theta := (theta b eta).
Variables (i : 'I_m) (w0 : 'rV[R]_n).
Hypotheses (w0_in : N w0 <= 21%:R / 20%:R) (i_active : active kind a w0 i).
Hypothesis arch : archimedean R.
Local Notation leader := (leader kind a i).
Local Notation far := (far b kind a eta i).
Local Notation reached := (reached kind a w0).
Local Notation near := (near a w0).
Let w0_active : exists j, phi (c w0 j) != 0. Proof. by exists i. Qed.
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al_ge0 : 0 <= al. Proof. by apply: ltW; exact: al_pos. Qed.
Let half : 0 < 1 / 2%:R :> R. Proof. by rewrite divr_gt0 ?ltr01 ?ltr0n. Qed.
Let next_reached := reached_next a_orth eta0 al1 w0_active.

(** ** The leader *)

Lemma run_reached s v : reached v -> reached (run sgd v s).
Proof. by elim: s v => [|o s IH] v rv //=; exact: IH (next_reached o rv). Qed.

Lemma states_reached s v : reached v -> forall u, u \in states sgd v s -> reached u.
Proof.
elim: s v => [|o s IH] v rv u; rewrite /states in_cons => /orP[/eqP -> //|]; first by [].
exact: IH (next_reached o rv) u.
Qed.

(** A point whose roots are all below 1 is the leader. *)
Lemma root_leader l v : lead l v -> (forall j, l != j -> root l j v < 1) -> leader v = l.
Proof.
move=> lv small; apply/eqP/negPn/negP => ll; have := small (leader v);
  rewrite eq_sym ll => /(_ isT).
rewrite ltNge => /negP; apply; rewrite -sqrtr1 /FarOut.root ler_wsqrtr //.
have l0 : 0 < `|phi (c v l)| by rewrite normr_gt0.
have top := leaderP kind a i v l; rewrite -subr_ge0.
have -> : `|phi (c v (leader v))| / `|phi (c v l)| - 1 =
  (`|phi (c v (leader v))| - `|phi (c v l)|) / `|phi (c v l)| by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

(** One step changes each root by a factor of at most 3/2. *)
Lemma root_next (o : batch) l j v : N v <= 21%:R / 20%:R ->
  root l j (sgd o v) <= 3%:R / 2%:R * root l j v.
Proof.
move=> N1; have fl := f_gt0 kind a_orth eta0 al1 o N1 l;
  have fj := f_gt0 kind a_orth eta0 al1 o N1 j.
have y0 : 0 <= factor kind a eta v o j / factor kind a eta v o l.
  by rewrite mulr_ge0 ?invr_ge0 // ltW.
rewrite (root_step kind a_orth eta_ge0 al1) // -subr_ge0 -mulrBl mulr_ge0 ?sqrtr_ge0 // subr_ge0.
apply: le_trans (sqrt_le y0) _.
suff le2 : factor kind a eta v o j <= 2%:R * factor kind a eta v o l.
  have le2' : factor kind a eta v o j / factor kind a eta v o l <= 2%:R.
    rewrite -subr_ge0; have -> : 2%:R - factor kind a eta v o j / factor kind a eta v o l =
      (2%:R * factor kind a eta v o l - factor kind a eta v o j) / factor kind a eta v o l.
      by field; rewrite gt_eqF.
    by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
  by move: (factor _ _ _ _ _ _ / _) le2' => y le2'; cert ((2%:R - y) / 2%:R).
have SN := batch_energy_le kind a_orth (val o) v.
have S0 := batch_energy_ge0 kind a (val o) v; have h := al_ge0.
rewrite /factor /shrink /gain (card_batch o); move: (batch_energy _ _ _ _) (eta / b%:R) SN S0 h al1.
move=> S A SN S0 h A1; have N1' : 0 <= 21%:R / 20%:R - N v by rewrite subr_ge0.
have A1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
have s0 : 0 <= 1 - A * S.
  have -> : 1 - A * S = A * (N v - S) + A * (21%:R / 20%:R - N v) + (5%:R^-1 - A) * (21%:R / 20%:R)
    + 79%:R / 100%:R by field.
  by have SN' : 0 <= N v - S by [rewrite subr_ge0]; move: (N v - S) SN' => x SN'; positive.
have g0 : 0 <= A * (2%:R - N v).
  have -> : A * (2%:R - N v) = A * (21%:R / 20%:R - N v) + A * (19%:R / 20%:R) by field.
  by positive.
have gs : 0 <= (1 - A * S) - A * (2%:R - N v).
  have -> : (1 - A * S) - A * (2%:R - N v) = A * (N v - S) + (5%:R^-1 - A) * 2%:R +
    3%:R / 5%:R by field.
  by have SN' : 0 <= N v - S by [rewrite subr_ge0]; move: (N v - S) SN' => x SN'; positive.
move: (1 - A * S) (A * (2%:R - N v)) s0 g0 gs => s g s0 g0 gs.
case: ifP => _; case: ifP => _; first by cert (s + g).
- by cert (s - g).
- by cert (s + 2%:R * g).
by cert s.
Qed.

(** While [far] is at most 1/2, a step does not change the leader. *)
Lemma leader_next (o : batch) v : reached v -> far v <= 1 / 2%:R -> leader (sgd o v) = leader v.
Proof.
move=> rv small; have [N1 _ _] := rv; have [_ lv _ sm] :=
  functional_small a_orth (little_gt0 eta0 b0 bm) small.
apply: root_leader; first exact: sgd_lead.
move=> j lj; apply: le_lt_trans (root_next o _ j N1) _.
have r1 : root (leader v) j v <= 1 / 2%:R.
  apply: le_trans sm; rewrite /Assemble.spread (bigD1 j) 1?eq_sym //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => k _; exact: root_ge0.
apply: (@le_lt_trans _ _ (3%:R / 4%:R)); first by cert (3%:R / 2%:R * (1 / 2%:R - root (leader v)
  j v)).
rewrite -subr_gt0; have -> : 1 - 3%:R / 4%:R = 1 / 4%:R :> R by field.
by rewrite divr_gt0 ?ltr01 ?ltr0n.
Qed.

Lemma leader_stays s v : reached v -> leader v = i ->
  ~~ late sgd 0 (fun u => 1 / 2%:R <= far u) v s -> forall u, u \in states sgd v s -> leader u = i.
Proof.
elim: s v => [|o s IH] v rv lv; rewrite /late /states /=.
  by move=> _ u; rewrite inE => /eqP ->.
rewrite negb_or -ltNge => /andP[/ltW fv rest_] u; rewrite inE => /orP[/eqP -> //|].
apply: IH; [exact: next_reached | by rewrite leader_next | exact: rest_].
Qed.

(** ** A beginning that ends near point i *)

(** Batches that all have i; the one for j leaves j out. *)
Lemma roots_fall (f : 'I_m -> batch) js v : (forall j, i \in val (f j)) ->
  (forall j, i != j -> j \notin val (f j)) -> reached v -> forall j, i != j ->
  root i j (run sgd v [seq f k | k <- js]) <= theta ^+ count_mem j js * root i j v.
Proof.
move=> has_i omits; have [t0 t1] := theta_bounds eta0 b0.
elim: js v => [|k js IH] v rv j ij /=; first by rewrite expr0 mul1r lexx.
have [N1 _ _] := rv; apply: le_trans (IH _ (next_reached _ rv) j ij) _.
have r0 := root_ge0 kind a i j v; have rin := root_in kind a_orth eta0 al1 b0 N1 j (has_i k).
have -> : theta ^+ ((k == j) + count_mem j js) * root i j v =
  theta ^+ count_mem j js * (theta ^+ (k == j) * root i j v) by rewrite exprD mulrAC mulrC.
apply: mul_le; rewrite ?exprn_ge0 ?root_ge0 ?lexx //.
apply: le_trans rin _; rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
case: (eqVneq k j) => [->|kj]; first by rewrite (negbTE (omits j ij)) expr1 lexx.
by rewrite expr0; case: ifP => _; [exact: lexx | exact: ltW].
Qed.

Theorem point_reached : exists2 s : seq batch,
  leader (run sgd w0 s) = i & far (run sgd w0 s) <= 1 / 2%:R / 2%:R.
Proof.
have [low0 low1 low2] := low_bounds w0_active; have g0 := gained_gt0 eta0 b0 bm w0_active.
have [t0 t1] := theta_bounds eta0 b0; have rw0 := reached0 w0_in w0_active.
have [f fP] := batch_choice b0 bm i.
have has_i j : i \in val (f j) by have [] := fP j.
have omits j : i != j -> j \notin val (f j) by have [_] := fP j.
(* first: i becomes the leader *)
have sum0 : 0 <= \sum_j root i j w0 by apply: sumr_ge0 => j _; exact: root_ge0.
have [K1 small1] := geometric_small arch t0 t1 sum0 half.
pose s1 := [seq f k | k <- round m K1]; pose v := run sgd w0 s1.
have rv : reached v by exact: run_reached.
have [N1 C1 _] := rv; have lv : lead i v by rewrite (reached_lead i rv).
have rt j : i != j -> root i j v <= 1 / 2%:R.
  move=> ij; apply: le_trans (roots_fall _ has_i omits rw0 ij) _; rewrite count_round.
  apply: le_trans small1; rewrite -subr_ge0 -mulrBr mulr_ge0 ?exprn_ge0 // subr_ge0.
  rewrite (bigD1 j) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => k _; exact: root_ge0.
have half1 : 1 / 2%:R < 1 :> R.
  by rewrite -subr_gt0; have -> : 1 - 1 / 2%:R = 1 / 2%:R :> R by field.
have iv : leader v = i.
  by apply: root_leader => // j ij; apply: le_lt_trans (rt j ij) half1.
(* then: the roots fall and the energy grows, as in far_reached *)
have m_ge0 : 0 <= m%:R :> R by rewrite ler0n.
have tenth : 0 < 1 / 10%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [T small2] := geometric_small arch t0 t1 m_ge0 tenth.
have [k big] := arch (9%:R / 10%:R / gained m b eta (low kind a w0)).
pose K := (T + k).+1; pose s2 := [seq f k | k <- round m K]; pose u := run sgd v s2.
have uE : run sgd w0 (s1 ++ s2) = u by rewrite /run foldl_cat.
have top j : `|phi (c v j)| <= `|phi (c v i)| by have := leaderP kind a i v j; rewrite iv.
have [N2 l2 r2 c2] := run_good a_orth eta0 al1 b0 bm has_i omits (ltW low0) low1 (round m K) N1 lv
  C1 top.
rewrite -/s2 -/u in N2 l2 r2 c2.
have ru j : i != j -> root i j u <= theta ^+ T.
  move=> ij; apply: le_trans (r2 j ij) _; rewrite count_round.
  rewrite -[X in _ <= X]mulr1; apply: mul_le; rewrite ?exprn_ge0 ?root_ge0 //.
    rewrite /K -addnS exprD -[X in _ <= X]mulr1.
    by apply: mul_le; rewrite ?exprn_ge0 ?lexx // exprn_ile1 // ltW.
  exact: le_trans (rt j ij) (ltW half1).
have iu : leader u = i.
  apply: root_leader => // j ij; apply: le_lt_trans (r2 j ij) _; rewrite count_round.
  apply: le_lt_trans half1; rewrite -[X in _ <= X]mul1r.
  by apply: mul_le; rewrite ?exprn_ge0 ?root_ge0 ?exprn_ile1 ?(ltW t1) //; exact: rt.
exists (s1 ++ s2); rewrite uE //.
have Cu : 9%:R / 10%:R <= C u.
  case: c2 => // c2; apply: le_trans c2; rewrite size_round.
  have kK : k%:R <= (K * m)%:R :> R.
    rewrite ler_nat; apply: (@leq_trans K); first exact: leqW (leq_addl _ _).
    by rewrite -[X in (X <= _)%N]muln1 leq_mul2l (leq_trans b0 (ltnW bm)) orbT.
  have Cv := energy_ge0 kind a v.
  have e : 9%:R / 10%:R = 9%:R / 10%:R / gained m b eta (low kind a w0) * gained m b eta (low kind
    a w0) :> R.
    by rewrite divfK // gt_eqF.
  move: (9%:R / 10%:R / gained m b eta (low kind a w0)) e big => x e xk.
  apply: (@le_trans _ _ (x * gained m b eta (low kind a w0))); first by rewrite -e lexx.
  move: (gained m b eta _) ((K * m)%:R) kK g0 {e} => g y ky g0; have g0' := ltW g0.
  by cert (C v + (y - k%:R) * g + (k%:R - x) * g).
have Su : spread i u <= 1 / 10%:R.
  apply: le_trans small2; apply: (@le_trans _ _ (\sum_(j < m) theta ^+ T)); last first.
    by rewrite sumr_const card_ord mulr_natr lexx.
  rewrite [X in _ <= X](bigID (fun j => j != i)) /= -[X in X <= _]addr0; apply: add_le; last first.
    by apply: sumr_ge0 => j _; rewrite exprn_ge0.
  by apply: ler_sum => j ji; apply: ru; rewrite eq_sym.
exact: le_trans (functional_le _ _ Cu l2)
  (weighed_quarter a_orth (little_gt0 eta0 b0 bm) (little_le eta0 al1 b0 bm) N2 Cu Su).
Qed.
End EveryPoint.
