(** Proofs of the statements on full-batch gradient descent. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Definitions Vectors Landscape Trap GD Points.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem gd_energy_grows : Statements.gd_energy_grows.
Proof.
move=> R m n kind a eta w0 t a_orth e0 e1 start; have m0 := step_size_points e0 e1.
rewrite !gd_weightsE.
exact: (GD.gd_energy_grows a_orth m0 e0 e1 start).
Qed.

Theorem gd_ratios_kept : Statements.gd_ratios_kept.
Proof.
move=> R m n kind a eta w0 t a_orth e0 e1 start; have m0 := step_size_points e0 e1.
rewrite gd_weightsE.
exact: (GD.gd_ratios a_orth m0 e0 e1 start).
Qed.
