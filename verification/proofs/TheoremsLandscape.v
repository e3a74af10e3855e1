(** Proofs of the statements on the landscape, one step, the linear Hessian and the noise: each is
    a theorem of the files below, here under the name of its statement. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Definitions Vectors Landscape Trap GD SGD Exchange Noise.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem gradient_correct : Statements.gradient_correct.
Proof. by move=> R m n kind a w a_orth m0; exact: Landscape.gradient_correct. Qed.

(** One sample is a data set of one point. *)
Theorem sample_gradient_correct : Statements.sample_gradient_correct.
Proof.
move=> R m n kind a i w orth; pose a1 : 'I_1 -> 'rV[R]_n := fun _ => a i.
have orth1 : orthonormal a1 by move=> j k; rewrite /a1 orth eqxx (ord1 j) (ord1 k).
have lossE v : loss kind a1 v = sample_loss kind a i v by rewrite /loss invr1 mul1r big_ord1.
have gradE : gradient kind a1 w = sample_gradient kind a i w.
  by rewrite /gradient invr1 scale1r big_ord1.
move=> e e0; have [d d0 h] := gradient_correct kind w orth1 (ltn0Sn 0) e0; exists d => // u ud.
by have := h u ud; rewrite !lossE gradE.
Qed.

Theorem loss_closed : Statements.loss_closed.
Proof. by move=> R m n kind a w a_orth m0; exact: Landscape.loss_closed. Qed.

Theorem gap : Statements.gap.
Proof.
move=> R m n kind a w a_orth m0; split; first exact: Landscape.gap.
by split; [exact: energy_ge0 | exact: rest_ge0].
Qed.

Theorem global_minimum : Statements.global_minimum.
Proof.
move=> R m n kind a a_orth m0; split=> [w|i]; first exact: Landscape.global_minimum.
exact: data_point_minimal.
Qed.

Theorem minima : Statements.minima.
Proof. by move=> R m n kind a w a_orth m0; exact: Landscape.minima. Qed.

Theorem one_step : Statements.one_step.
Proof.
move=> R m n kind a eta B w a_orth alpha S s g; split=> [j|].
  exact: (corr_step kind a_orth eta B w j).
exact: (sqnorm_step kind a_orth eta B w).
Qed.

Theorem trap : Statements.trap.
Proof. by move=> R m n kind a eta B w a_orth; exact: Trap.trap. Qed.

Theorem energy_level_kept : Statements.energy_level_kept.
Proof. by move=> R m n kind a eta B w l a_orth e0 e1 N1; exact: SGD.energy_level_kept. Qed.

Theorem hessian_correct : Statements.hessian_correct.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_correct. Qed.

Theorem hessian_trace : Statements.hessian_trace.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_trace. Qed.

Theorem hessian_trace_at_minima : Statements.hessian_trace_at_minima.
Proof. by move=> R m n a w a_orth m0; exact: Landscape.hessian_trace_at_minima. Qed.

Theorem sample_gradient_sqnorm : Statements.sample_gradient_sqnorm.
Proof. by move=> R m n kind a i w a_orth; exact: Noise.sample_gradient_sqnorm. Qed.

Theorem noise_trace : Statements.noise_trace.
Proof. by move=> R m n kind a w a_orth m0; exact: Noise.noise_trace. Qed.

Theorem noise_zero : Statements.noise_zero.
Proof.
move=> R m n kind a w a_orth m0 w_min; rewrite (Noise.noise_trace a_orth m0 w_min).
rewrite -(noise_at_minimum a_orth m0 w_min) -(Noise.noise_zero a_orth m0 w_min).
split=> [/eqP|->]; last by rewrite mul0r.
by rewrite mulf_eq0 invr_eq0 pnatr_eq0 (gtn_eqF m0) orbF => /eqP.
Qed.

Theorem batch_covariance_factor : Statements.batch_covariance_factor.
Proof. by move=> R m n b g b0 bm m1; exact: batch_covarianceE. Qed.
