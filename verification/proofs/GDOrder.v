(** Rearranging inequalities: a few equivalences under names of our own, so that the other files do
    not depend on library names that differ between releases. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Rearrange.
Variable R : realFieldType.
Implicit Types x y z : R.

Lemma lt_grow x y : (x < x + y) = (0 < y).
Proof. by rewrite -[LHS]subr_gt0; have -> : x + y - x = y by ring. Qed.
Lemma le_grow x y : (x <= x + y) = (0 <= y).
Proof. by rewrite -[LHS]subr_ge0; have -> : x + y - x = y by ring. Qed.
Lemma le_growl x y : (x <= y + x) = (0 <= y).
Proof. by rewrite addrC le_grow. Qed.
Lemma gt_grow x y : (x + y < x) = (y < 0).
Proof. by rewrite -[LHS]subr_lt0; have -> : x + y - x = y by ring. Qed.
Lemma lt_move x y z : (x - y < z) = (x < z + y).
Proof. by rewrite -[LHS]subr_gt0 -[RHS]subr_gt0; have -> : z - (x - y) = z + y - x by ring. Qed.
Lemma le_move x y z : (x - y <= z) = (x <= z + y).
Proof. by rewrite -[LHS]subr_ge0 -[RHS]subr_ge0; have -> : z - (x - y) = z + y - x by ring. Qed.
Lemma le_times x y z : 0 < z -> (x * z <= y * z) = (x <= y).
Proof. by move=> z0; rewrite -[LHS]subr_ge0 -mulrBl pmulr_lge0 // subr_ge0. Qed.
Lemma lt_times x y z : 0 < z -> (x * z < y * z) = (x < y).
Proof. by move=> z0; rewrite -[LHS]subr_gt0 -mulrBl pmulr_lgt0 // subr_gt0. Qed.
Lemma le_quot x y z : 0 < z -> (x / z <= y) = (x <= y * z).
Proof. by move=> z0; rewrite -[LHS](le_times _ _ z0) divfK // gt_eqF. Qed.
Lemma lt_quot x y z : 0 < z -> (x / z < y) = (x < y * z).
Proof. by move=> z0; rewrite -[LHS](lt_times _ _ z0) divfK // gt_eqF. Qed.
Lemma ge_quot x y z : 0 < z -> (x <= y / z) = (x * z <= y).
Proof. by move=> z0; rewrite -[LHS](le_times _ _ z0) divfK // gt_eqF. Qed.
Lemma lt_squares x y : 0 <= x -> 0 <= y -> (x ^+ 2 < y ^+ 2) = (x < y).
Proof.
move=> x0 y0; case: (ltP x y) => xy; last first.
  apply/negbTE; rewrite -leNgt -subr_ge0.
  have -> : x ^+ 2 - y ^+ 2 = (x - y) * (x + y) by ring.
  by rewrite mulr_ge0 ?subr_ge0 ?addr_ge0.
rewrite -subr_gt0; have -> : y ^+ 2 - x ^+ 2 = (y - x) * (x + y) by ring.
apply: mulr_gt0; rewrite ?subr_gt0 //; apply: (le_lt_trans x0).
by rewrite lt_grow (le_lt_trans x0 xy).
Qed.
Lemma le_squares x y : 0 <= x -> 0 <= y -> (x ^+ 2 <= y ^+ 2) = (x <= y).
Proof. by move=> x0 y0; rewrite !leNgt lt_squares. Qed.
Lemma abs_add x y : `|x + y| <= `|x| + `|y|.
Proof.
have le (t : R) : 0 <= `|t| - t by rewrite subr_ge0 ler_norm.
have ge (t : R) : 0 <= `|t| + t by have := le (- t); rewrite normrN opprK.
rewrite ler_norml; apply/andP; split; rewrite -subr_ge0.
  have -> : x + y - - (`|x| + `|y|) = (`|x| + x) + (`|y| + y) by ring.
  exact: addr_ge0.
have -> : `|x| + `|y| - (x + y) = (`|x| - x) + (`|y| - y) by ring.
exact: addr_ge0.
Qed.
End Rearrange.
