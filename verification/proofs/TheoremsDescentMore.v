(** Proofs of the statements on gradient descent: step sizes, starts, and cosines; each is a theorem
    of the files below. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import GDOrder GDNorm GDLimit GDPoly GDScalar GDContract GDStep GDWide.
From Whichmin Require Import GDAttract GDCosines GDRay GDBeyond GDExact GDApproach GDThreshold.
From Whichmin Require Import GDStable GDFlip Vectors Definitions.
From Whichmin Require Statements.

Theorem gd_limit : Statements.gd_limit.
Proof. exact: GDLimit.gd_limit. Qed.

Theorem gd_unit_ball : Statements.gd_unit_ball.
Proof. exact: GDLimit.gd_unit_ball. Qed.

Theorem gd_silent_start : Statements.gd_silent_start.
Proof. exact: GDLimit.gd_silent_start. Qed.

Theorem gd_cosines : Statements.gd_cosines.
Proof. exact: GDLimit.gd_cosines. Qed.

Theorem sgd_cosines : Statements.sgd_cosines.
Proof. exact: GDLimit.sgd_cosines. Qed.

Theorem cosines_compared : Statements.cosines_compared.
Proof. exact: GDLimit.cosines_compared. Qed.

Theorem gd_converges : Statements.gd_converges.
Proof. exact: GDWide.gd_converges. Qed.

Theorem gd_converges_rate : Statements.gd_converges_rate.
Proof. exact: GDWide.gd_converges_rate. Qed.

Theorem gd_converges_in_span : Statements.gd_converges_in_span.
Proof. exact: GDWide.gd_converges_in_span. Qed.

Theorem gd_converges_ball : Statements.gd_converges_ball.
Proof. exact: GDWide.gd_converges_ball. Qed.

Theorem minima_attract : Statements.minima_attract.
Proof. exact: GDAttract.minima_attract. Qed.

Theorem linear_is_convergent : Statements.linear_is_convergent.
Proof. exact: GDCosines.linear_is_convergent. Qed.

Theorem limits_unique : Statements.limits_unique.
Proof. exact: GDCosines.limits_unique. Qed.

Theorem gd_limit_cosines : Statements.gd_limit_cosines.
Proof. exact: GDCosines.gd_limit_cosines. Qed.

Theorem sgd_run_cosines : Statements.sgd_run_cosines.
Proof. exact: GDCosines.sgd_run_cosines. Qed.

Theorem sgd_no_better_aligned : Statements.sgd_no_better_aligned.
Proof. exact: GDCosines.sgd_no_better_aligned. Qed.

Theorem gd_expands_beyond : Statements.gd_expands_beyond.
Proof. exact: GDRay.gd_expands_beyond. Qed.

Theorem gd_unstable_beyond : Statements.gd_unstable_beyond.
Proof. exact: GDRay.gd_unstable_beyond. Qed.

Theorem gd_period_two : Statements.gd_period_two.
Proof. exact: GDRay.gd_period_two. Qed.

Theorem gd_diverges : Statements.gd_diverges.
Proof. exact: GDBeyond.gd_diverges. Qed.

Theorem gd_unbounded : Statements.gd_unbounded.
Proof. exact: GDBeyond.gd_unbounded. Qed.

Theorem gd_alternates : Statements.gd_alternates.
Proof. exact: GDBeyond.gd_alternates. Qed.

Theorem gd_diverges_from_ball : Statements.gd_diverges_from_ball.
Proof. exact: GDBeyond.gd_diverges_from_ball. Qed.

Theorem relu_falls_silent : Statements.relu_falls_silent.
Proof. exact: GDBeyond.relu_falls_silent. Qed.

Theorem relu_falls_silent_from_ball : Statements.relu_falls_silent_from_ball.
Proof. exact: GDBeyond.relu_falls_silent_from_ball. Qed.

Theorem gd_boundary_start : Statements.gd_boundary_start.
Proof. exact: GDBeyond.gd_boundary_start. Qed.

Theorem gd_bad_start : Statements.gd_bad_start.
Proof. exact: GDBeyond.gd_bad_start. Qed.

Theorem gd_bad_start_met : Statements.gd_bad_start_met.
Proof. exact: GDBeyond.gd_bad_start_met. Qed.

Theorem gd_ratios : Statements.gd_ratios.
Proof. exact: GDExact.gd_ratios. Qed.

Theorem gd_flips : Statements.gd_flips.
Proof. exact: GDExact.gd_flips. Qed.

Theorem gd_bounded : Statements.gd_bounded.
Proof. exact: GDExact.gd_bounded. Qed.

Theorem gd_radial_rate : Statements.gd_radial_rate.
Proof. exact: GDExact.gd_radial_rate. Qed.

Theorem gd_off_span_rate : Statements.gd_off_span_rate.
Proof. exact: GDExact.gd_off_span_rate. Qed.

Theorem gd_no_approach_beyond : Statements.gd_no_approach_beyond.
Proof. exact: GDApproach.gd_no_approach_beyond. Qed.

Theorem gd_converges_threshold : Statements.gd_converges_threshold.
Proof. exact: GDThreshold.gd_converges_threshold. Qed.

Theorem gd_stable_iff : Statements.gd_stable_iff.
Proof. exact: GDStable.gd_stable_iff. Qed.

Theorem relu_may_flip : Statements.relu_may_flip.
Proof. exact: GDFlip.relu_may_flip. Qed.
