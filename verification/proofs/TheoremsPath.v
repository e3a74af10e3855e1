(** The statements on infinite runs: convergence to a data point, its rate, and to a global
    minimum. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Capture Exchange FarOut Converge.
From Whichmin Require Import Geometric Sharper Settling TheoremsQuantitative NullSets Infinite.
From Whichmin Require Import Minimal NotVoid Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem sgd_converges_almost_surely : Statements.sgd_converges_almost_surely.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 al1 start some_el.
apply: null_complement_imp (null_at_rate orth arch b0 bm eta0 al1 start some_el).
move=> draws [i ei [T1 near]]; exists i; split=> // e e0.
have [q0 q1] := q_bounds b0 bm eta0 al1; have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have [T [T1T small]] := bound_vanishes arch q0 q1 (c_ge0 b0 bm eta0) T1 e2.
exists T => t tT; apply: le_trans (small t tT); apply: near; exact: leq_trans tT.
Qed.

(** 2 b (m - b) <= m (m - 1), and so settle_rate <= 361/2000000. *)
Lemma split_le1 (R : rcfType) m b : (0 < b)%N -> (b < m)%N -> split_pair R m b <= 1.
Proof.
move=> b0 bm; have B1 : 0 <= b%:R - 1 :> R by rewrite subr_ge0 ler1n.
have MB : 0 <= m%:R - b%:R - 1 :> R.
  by rewrite -addrA -opprD subr_ge0 -[X in _ + X]/(1%:R) -natrD ler_nat addn1.
rewrite /split_pair; move: (m%:R : R) (b%:R : R) B1 MB => M B B1 MB.
have M1 : 0 < M - 1 by apply: (lt_le_trans ltr01); cert ((M - B - 1) + (B - 1)).
have M0 : 0 < M by apply: (lt_le_trans M1); cert (1 : R).
have M1' := ltW M1; have M0' := ltW M0; rewrite -subr_ge0.
have -> : 1 - 2%:R * B * (M - B) / (M * (M - 1)) =
    ((M - B - 1) ^+ 2 + (M - B - 1) + (B - 1) ^+ 2 + (B - 1)) / M / (M - 1).
  by field; rewrite !gt_eqF.
by positive.
Qed.

Lemma settle_small (R : rcfType) m b (eta : R) : (0 < b)%N -> (b < m)%N -> 0 < eta ->
  eta / b%:R <= 5%:R^-1 -> settle_rate m b eta <= 1 / 5000%:R.
Proof.
move=> b0 bm e0 al1; have s1 : 0 <= 1 - split_pair R m b by rewrite subr_ge0 split_le1.
have A1 : 0 <= 5%:R^-1 - eta / b%:R by rewrite subr_ge0.
have A0 : 0 <= eta / b%:R by rewrite divr_ge0 ?ler0n // ltW.
have s0 : 0 <= split_pair R m b by have [/ltW] := split_bounds R b0 bm.
rewrite /settle_rate /drift_rate /point_rate -[_ * _ * split_pair R m b]mulrA.
move: (eta / b%:R) (split_pair R m b) A0 A1 s0 s1 => A s A0 A1 s0 s1.
have x1 : A ^+ 2 * s <= 25%:R^-1.
  by cert (A ^+ 2 * (1 - s) + (5%:R^-1 - A) * (A + 5%:R^-1)).
have -> : 5000%:R = 200%:R * 25%:R :> R by rewrite -natrM.
rewrite invfM mul1r; apply: le_trans (_ : 200%:R^-1 * (A ^+ 2 * s) <= _).
  by cert (A ^+ 2 * s / 200%:R * (39%:R / 400%:R)).
by cert (200%:R^-1 * (25%:R^-1 - A ^+ 2 * s)).
Qed.

Theorem sgd_converges_exponentially : Statements.sgd_converges_exponentially.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 al1 start some_el.
split; first exact: drift_gt0.
split; first by have [r0 _] := rate_bounds eta0 al1 b0 bm; rewrite r0 settle_small.
apply: null_complement_imp (null_at_rate orth arch b0 bm eta0 al1 start some_el).
move=> draws [i ei [T1 near]]; exists i; split=> // w d2; split=> [|r qr]; first by exists T1.
have [q0 q1] := q_bounds b0 bm eta0 al1.
have [T [T1T small]] := bound_below_power arch q0 (c_ge0 b0 bm eta0) T1 qr.
exists T => t tT; apply: le_trans (small t tT); apply: near; exact: leq_trans tT.
Qed.

Theorem finds_minimum : Statements.finds_minimum.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 al1 start some_el.
have m0 : (0 < m)%N := leq_trans b0 bm.
have least w v : loss kind a w = min_loss R m -> loss kind a w <= loss kind a v.
  by move=> ->; exact: global_minimum.
move: bm; rewrite leq_eqVlt => /orP[/eqP bE|bm]; last first.
  have start' : sqnorm w0 <= 21%:R / 20%:R by apply: le_trans start _; cert (20%:R^-1 : R).
  have := @sgd_converges_almost_surely R m n b kind a eta w0 arch orth b0 bm eta0 al1 start'
    some_el.
  apply: null_complement_imp => draws [i [ei conv]]; exists (signed_point a w0 i); split=> // v.
  by apply: least; exact: point_minimal.
have act : exists i, phi kind (corr a w0 i) != 0.
  by have [i ei] := some_el; exists i; rewrite -eligibleE.
move: bE al1 b0; move=> -> al1 _; apply: null_complement_all => draws.
have C0 := C0_gt0 act; have r0 : 0 < Num.sqrt (energy kind a w0) by rewrite sqrtr_gt0.
have rE := sqr_sqrtr (ltW C0).
exists ((Num.sqrt (energy kind a w0))^-1 *: active_part kind a w0); split=> [v|e e0].
  by apply: least; exact: active_minimal.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have w_in : region kind a w0 by exact: start_region.
have eta1 : eta <= m%:R / 4%:R by have [k _] := act; exact: small_step k.
have C1 := energy_le1 orth w_in.
have x1 : 0 < eta / m%:R * energy kind a w0 by rewrite mulr_gt0 // divr_gt0.
have rate1 : GD.rate kind a eta w0 < 1.
  by rewrite /GD.rate -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n.
have rate0 : 0 <= GD.rate kind a eta w0.
  rewrite /GD.rate; move: (eta / m%:R) (energy _ _ _) al1 C0 C1 => A x A1 /ltW x0 x1'.
  have A1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
  by cert ((5%:R^-1 - A) * x / 2%:R + (1 - x) / 10%:R + 9%:R / 10%:R).
pose D := (1 - energy kind a w0) + 4%:R / energy kind a w0 * rest kind a w0.
have D0 : 0 <= D.
  by rewrite /D addr_ge0 ?subr_ge0 // mulr_ge0 ?divr_ge0 ?ler0n ?(ltW C0) // rest_ge0.
have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have [T small] := geometric_small arch rate0 rate1 D0 e2; exists T => t tT.
rewrite full_weights; apply: le_trans (gd_limit orth m0 eta0 eta1 w_in C0 t r0 rE) _.
apply: le_trans small; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
by apply: pow_anti => //; exact: ltW.
Qed.

Theorem full_batch_no_data_point : Statements.full_batch_no_data_point.
Proof.
move=> R m n kind a eta w0 i j orth eta0 al1 start ij ei ej.
exact: (full_batch_no_limit orth eta0 al1 start ij ei ej).
Qed.

Theorem almost_surely_not_void : Statements.almost_surely_not_void.
Proof. exact: null_set_dense. Qed.
