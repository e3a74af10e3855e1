(** Limits (linear convergence, uniqueness), and their cosines. GD: the limit is unique. SGD: the
    cosine with a fixed vector is Lipschitz near unit vectors, |cos(u, v) - cos(l, v)| <= 2 |u - l|
    for |l| = 1, so that weights within e/2 of a data point have its cosines to within e
    ([SinglePoint.sgd_ends_at_one_point]). *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit TheoremsDescentWide SinglePoint Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem linear_is_convergent : Statements.linear_is_convergent.
Proof.
move=> R n w l arch [K [q [q0 q1 h]]] e e0.
have K0 : 0 <= `|K| := normr_ge0 K.
have [T hT] := geometric_small arch q0 q1 K0 (exprn_gt0 2 e0); exists T => t tT.
apply: le_trans (h t) _; apply: le_trans hT.
apply: (@le_trans _ _ (`|K| * q ^+ t)).
  by rewrite -subr_ge0 -mulrBl mulr_ge0 ?exprn_ge0 // subr_ge0 ler_norm.
have qT : 0 <= q ^+ T by rewrite exprn_ge0.
rewrite mulrC -subr_ge0 -mulrBl mulr_ge0 // subr_ge0 -(subnK tT) exprD.
rewrite -[X in _ <= X]mul1r; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
by apply: exprn_ile1 => //; exact: ltW.
Qed.

(** |l - l'|^2 <= 2 |u - l|^2 + 2 |u - l'|^2, for all u. *)
Theorem limits_unique : Statements.limits_unique.
Proof.
move=> R n w l l' h h'; apply/eqP; rewrite -subr_eq0 -sqnorm_eq0 eq_le sqnorm_ge0 andbT leNgt.
apply/negP; set D := sqnorm (l' - l) => D0; have D1 : 0 < D + 1 by rewrite addr_gt0 ?ltr01.
have e0 : 0 < D / (2%:R * (D + 1)) by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
have [T hT] := h _ e0; have [T' hT'] := h' _ e0; set e := D / _ in e0 hT hT'.
pose u := w (maxn T T'); have u1 : sqnorm (u - l) <= e ^+ 2 := hT _ (leq_maxl _ _).
have u2 : sqnorm (u - l') <= e ^+ 2 := hT' _ (leq_maxr _ _).
have le2 : D <= 2%:R * sqnorm (u - l) + 2%:R * sqnorm (u - l').
  have -> : D = sqnorm ((u - l) - (u - l')) by rewrite /D opprB [in RHS]addrC addrA subrK.
  have := sqnorm_ge0 ((u - l) + (u - l')).
  rewrite (sqnormD (u - l) (u - l')) (sqnormB (u - l) (u - l')).
  by move: (sqnorm (u - l)) (sqnorm (u - l')) (dot _ _) => x y z h0; cert (x + 2%:R * z + y).
have : D < D; last by rewrite ltxx.
apply: (le_lt_trans le2); apply: (@le_lt_trans _ _ (4%:R * e ^+ 2)).
  move: (sqnorm (u - l)) (sqnorm (u - l')) u1 u2 => x y; move: (e ^+ 2) => z u1 u2.
  by cert (2%:R * (z - x) + 2%:R * (z - y)).
rewrite /e -subr_gt0.
have -> : D - 4%:R * (D / (2%:R * (D + 1))) ^+ 2 = D * (D ^+ 2 + D + 1) / (D + 1) ^+ 2.
  by field; rewrite gt_eqF.
rewrite divr_gt0 ?exprn_gt0 // mulr_gt0 // addr_gt0 ?ltr01 // addr_gt0 // exprn_gt0 //.
Qed.

Theorem gd_limit_cosines : Statements.gd_limit_cosines.
Proof.
move=> R m n kind a eta w0 w_gd arch orth eta0 eta1 act r2 start conv.
have [lin _] := gd_converges orth eta0 eta1 act r2 start.
have -> : w_gd = gd_direction kind a w0.
  exact: limit_unique conv (linearly_converges arch lin).
by have [? ? ?] := gd_cosines orth act.
Qed.

Section Lipschitz.
Variables (R : rcfType) (n : nat).
Implicit Types u v l : 'rV[R]_n.

Lemma vnorm_normalised u : u != 0 -> vnorm (normalised u) = 1.
Proof. by move=> u0; rewrite vnorm1 // sqnorm_normalised. Qed.

Lemma normalised_le1 u : vnorm (normalised u) <= 1.
Proof.
have [->|u0] := eqVneq u 0; last by rewrite vnorm_normalised.
by rewrite /normalised scaler0 /vnorm /sqnorm dot0l sqrtr0 ler01.
Qed.

Lemma cosineE u v : cosine u v = dot (normalised u) (normalised v).
Proof. by rewrite /normalised dotZl dotZr /cosine invfM mulrA mulrC. Qed.

Lemma cosine_near u v l : vnorm l = 1 -> vnorm (u - l) < 1 ->
  `|cosine u v - cosine l v| <= 2%:R * vnorm (u - l).
Proof.
move=> l1 near.
have u0 : u != 0.
  by apply/eqP => u0; move: near; rewrite u0 sub0r vnormN l1 ltxx.
have lE : normalised l = l by rewrite /normalised l1 invr1 scale1r.
rewrite !cosineE lE -dotBl; apply: le_trans (dot_le _ _) _.
have v1 := normalised_le1 v.
rewrite -[X in _ <= X]mulr1; apply: mul_le; rewrite ?vnorm_ge0 //.
exact: normalised_near.
Qed.
End Lipschitz.

Section Settled.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (eta e : R) (w0 : 'rV[R]_n) (i : 'I_m).
Hypotheses (orth : orthonormal a) (ei : eligible kind a w0 i).

Lemma within_cosines w : 0 < e -> e < 1 -> within a w0 (e / 2%:R) i w -> cosines_within a w0 e i w.
Proof.
move=> e0 e1; have h0 : 0 <= e / 2%:R by rewrite divr_ge0 ?ler0n // ltW.
rewrite /within -vnorm_le // => near.
have [csE c1 _ cj] := sgd_cosines orth ei; set l := _ *: a i in near csE c1 cj.
have l1 : vnorm l = 1 := vnorm_signed orth ei.
have lt1 : vnorm (w - l) < 1.
  apply: (le_lt_trans near); rewrite lt_quot ?ltr0n // mul1r; apply: (lt_trans e1); by rewrite
    ltr1n.
have lip v : `|cosine w v - cosine l v| <= e.
  apply: le_trans (cosine_near v l1 lt1) _.
  by rewrite mulrC -(ge_quot _ _ (ltr0Sn R 1)).
apply/and3P; split; first by rewrite -csE.
  by rewrite -c1.
by apply/forallP => j; apply/implyP => ji; have := lip (a j); rewrite cj // subr0.
Qed.
End Settled.

Lemma cosines_wider (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (w0 w : 'rV[R]_n) (e f : R) i :
  e <= f -> cosines_within a w0 e i w -> cosines_within a w0 f i w.
Proof.
move=> ef /and3P[h1 h2 /forallP h3]; apply/and3P.
split; [exact: le_trans h1 ef | exact: le_trans h2 ef |].
by apply/forallP => j; apply/implyP => ji; apply: le_trans ef; exact: (implyP (h3 j)).
Qed.

Theorem sgd_run_cosines : Statements.sgd_run_cosines.
Proof.
move=> R m n b kind a eta w0 e p arch orth b0 bm eta0 eta1 start act e0 p0.
have [f [f0 f1 fe]] : exists f, [/\ 0 < f, f < 1 & f <= e].
  case: (lerP e 2%:R^-1) => e2; last first.
    exists 2%:R^-1; split; [by rewrite invr_gt0 ltr0n | | exact: ltW].
    by rewrite invf_lt1 ?ltr0n // ltr1n.
  by exists e; split=> //; apply: (le_lt_trans e2); rewrite invf_lt1 ?ltr0n // ltr1n.
have f2 : 0 < f / 2%:R by rewrite divr_gt0 // ltr0n.
have [T0 h] := @sgd_ends_at_one_point R m n b kind a eta w0 arch orth (conj b0 bm)
  (conj eta0 eta1) start act _ _ f2 p0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => Bs; apply: contra.
case/existsP => i /andP[ei near]; apply/existsP; exists i; rewrite ei /=.
apply: sub_all near => w nw; apply: (cosines_wider fe); exact: (within_cosines orth ei).
Qed.

Theorem sgd_no_better_aligned : Statements.sgd_no_better_aligned.
Proof.
move=> R m n b kind a eta w0 e p arch orth b0 bm eta0 eta1 start act e0 p0.
have [T0 h] := sgd_run_cosines arch orth b0 bm eta0 eta1 start act e0 p0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => Bs; apply: contra.
case/existsP => i /andP[ei near]; apply: sub_all near => w /and3P[cw _ _].
have [le _] := cosines_compared orth ei; have [csE _ _ _] := sgd_cosines orth ei.
rewrite -le_move; apply: le_trans le; rewrite csE le_move.
have := le_trans (ler_norm _) cw; by rewrite le_move addrC.
Qed.
