(** Proofs of the statements on mini-batch SGD. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut.
From Whichmin Require Import Ending Assemble Reach Converge SinglePoint FullBatch Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem sgd_single_point : Statements.sgd_single_point.
Proof.
move=> R m n b kind a eta w0 arch orth bs ss start el.
exact: (sgd_ends_at_one_point arch orth bs ss start el).
Qed.

Theorem sgd_hypotheses_met : Statements.sgd_hypotheses_met.
Proof.
move=> R kind a w0; have [N0 el] := start_met R kind.
by split=> //; [exact: unit_vectors | rewrite invr_gt0 ltr0n divr1].
Qed.

Theorem full_batch_fails : Statements.full_batch_fails.
Proof.
by move=> R kind eta a w0 Bs w win i; exact: (full_batch_away win i).
Qed.
