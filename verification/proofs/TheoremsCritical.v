(** Each statement of [Statements], proved. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Whichmin Require Import Vectors Landscape Exchange Prob Extrema Critical Strict BadMinima.
From Whichmin Require Import Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem critical_gradient : Statements.critical_gradient.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.critical_gradient. Qed.

Theorem critical_points : Statements.critical_points.
Proof.
move=> R m n kind a orth m0 w; split=> [/(Critical.critical_gradient kind orth m0)|h].
  by move/(gradient_zero kind orth m0).
by apply/(Critical.critical_gradient kind orth m0)/(gradient_zero kind orth m0).
Qed.

Theorem critical_values : Statements.critical_values.
Proof.
by move=> R m n kind a orth m0; split=> [|w]; [exact: min_loss_lt | exact: loss_silent].
Qed.

Theorem local_minima : Statements.local_minima.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.local_minima. Qed.

Theorem local_maxima : Statements.local_maxima.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.local_maxima. Qed.

Theorem saddle_points : Statements.saddle_points.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.saddle_points. Qed.

Theorem flat_points : Statements.flat_points.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.flat_points. Qed.

Theorem strict_local_minima : Statements.strict_local_minima.
Proof. by move=> R m n kind a orth m0 w; exact: Strict.strict_local_minima. Qed.

Theorem strict_local_maxima : Statements.strict_local_maxima.
Proof. by move=> R m n kind a orth m0 w; exact: BadMinima.strict_local_maxima. Qed.

Theorem no_bad_minimum_in_trap : Statements.no_bad_minimum_in_trap.
Proof. by move=> R m n kind a orth m0 w; exact: no_bad_minimum. Qed.

(** A small multiple of minus the sum of the data. *)
Theorem dead_neurons_exist : Statements.dead_neurons_exist.
Proof.
move=> R m n a orth m0 d d0; have [t [t0 _ td]] := small_multiple (- \sum_i 1 *: a i) d0.
have dd : dead Relu a (t *: (- \sum_i 1 *: a i)).
  by split=> // i; rewrite /corr dotZl dotNl (dot_comb orth) mulrN1 oppr_lt0.
exists (t *: (- \sum_i 1 *: a i)); split=> //.
  by apply/(Critical.local_minima Relu orth m0); constructor 2.
by rewrite (loss_silent orth m0); [exact: min_loss_lt | exact: dead_silent].
Qed.

Theorem bad_minimum_exists : Statements.bad_minimum_exists.
Proof. by move=> R m n kind a orth m0; exact: BadMinima.bad_minimum_exists. Qed.
