(** Batches of b of m points without replacement, and the exchange of two points in them. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Exchange.
Variables (R : realFieldType) (m b : nat).
Local Notation batch := (batch m b).

Lemma batches : #|{: batch}| = 'C(m, b).
Proof. by rewrite card_sig -[in RHS](card_ord m) -card_draws; apply: eq_card => B; rewrite !inE. Qed.

Variables l j : 'I_m.
Hypothesis lj : l != j.
Definition swap_set (B : {set 'I_m}) := [set tperm l j i | i in B].

Lemma swap_card (o : batch) : #|swap_set (val o)| == b.
Proof. by rewrite card_imset ?(eqP (valP o)) //; exact: perm_inj. Qed.
Definition swap (o : batch) : batch := exist _ (swap_set (val o)) (swap_card o).

Lemma mem_swap i B : (i \in swap_set B) = (tperm l j i \in B).
Proof.
apply/imsetP/idP => [[k kB ->]|iB]; first by rewrite tpermK.
by exists (tperm l j i); rewrite ?tpermK.
Qed.

Lemma swapK : involutive swap.
Proof. by move=> o; apply: val_inj; apply/setP => i; rewrite !mem_swap tpermK. Qed.

Variables (t : batch -> R) (kappa : R).
Hypotheses
  (same : forall o : batch, (l \in val o) = (j \in val o) -> t o <= 1)
  (differ : forall o : batch, l \in val o -> j \notin val o -> (t o + t (swap o)) / 2%:R <= 1 - kappa).

(** If two batches that differ by an exchange of l and j average at most 1 - kappa and the others
    are at most 1, the sum over all batches is below their number by 2 kappa for every pair. *)
Theorem exchange : \sum_o t o <=
  #|{: batch}|%:R - kappa * #|[set o : batch | (l \in val o) != (j \in val o)]|%:R.
Proof.
have sumE : \sum_o t o = \sum_o (t o + t (swap o)) / 2%:R.
  have eqS : \sum_o t (swap o) = \sum_o t o by rewrite [RHS](reindex_inj (inv_inj swapK)).
  have half (x y : R) : y = x -> x = (x + y) / 2%:R by move=> ->; field.
  by rewrite -mulr_suml big_split /=; apply: half; exact: eqS.
pose hit (o : batch) := ((l \in val o) != (j \in val o))%:R : R.
have -> : #|{: batch}|%:R - kappa * #|[set o : batch | (l \in val o) != (j \in val o)]|%:R =
    \sum_o (1 - kappa * hit o).
  rewrite sumrB -mulr_sumr sumr_const /hit -natr_sum; congr (_%:R - _ * _%:R).
  by rewrite -sum1_card [LHS]big_mkcond /=; apply: eq_bigr => o _; rewrite inE; case: (_ != _).
rewrite sumE; apply: ler_sum => o _; rewrite /hit.
have sl : (l \in swap_set (val o)) = (j \in val o) by rewrite mem_swap tpermL.
have sj : (j \in swap_set (val o)) = (l \in val o) by rewrite mem_swap tpermR.
case: (boolP (l \in val o)) => lo; case: (boolP (j \in val o)) => jo /=; rewrite ?mulr0 ?subr0 ?mulr1.
- have t1 : t o <= 1 by apply: same; rewrite lo jo.
  have t2 : t (swap o) <= 1 by apply: same; rewrite sl sj lo jo.
  by cert ((1 - t o) / 2%:R + (1 - t (swap o)) / 2%:R).
- exact: differ.
- have := differ (o := swap o); rewrite swapK /= sl sj => d.
  by rewrite addrC; exact: d jo lo.
have t1 : t o <= 1 by apply: same; rewrite (negbTE lo) (negbTE jo).
have t2 : t (swap o) <= 1 by apply: same; rewrite sl sj (negbTE lo) (negbTE jo).
by cert ((1 - t o) / 2%:R + (1 - t (swap o)) / 2%:R).
Qed.
End Exchange.
