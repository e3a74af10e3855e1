(** Proofs of the statements on batches of all points: then mini-batch SGD is gradient descent. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Definitions.
From Whichmin Require TheoremsDescentWide TheoremsDescentCosines.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** With b = m the batch is the set of all points. *)
Lemma full_step (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
  (B : batch m m) w : sgd_step kind a eta B w = w - eta *: gradient kind a w.
Proof.
have BE : val B = [set: 'I_m].
  by apply/eqP; rewrite eqEcard subsetT cardsT card_ord (eqP (valP B)) leqnn.
rewrite /sgd_step /gradient BE cardsT card_ord scalerA; congr (_ - _ *: _).
by apply: eq_bigl => i; rewrite inE.
Qed.

Lemma gd_from_next (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
  (eta : R) w t :
  gd_weights kind a eta w t.+1 = gd_weights kind a eta (w - eta *: gradient kind a w) t.
Proof. by elim: t => // t IH; rewrite [LHS]/= -/(gd_weights _ _ _ _ t.+1) IH. Qed.

Theorem full_batch_is_gd : Statements.full_batch_is_gd.
Proof.
move=> R m n kind a eta w0 Bs t; rewrite /trajectory.
elim: Bs w0 t => [|B Bs IH] w0 [|t] // tB; rewrite gd_from_next -(full_step kind a eta B w0).
exact: IH.
Qed.

(** eta <= m/5 < m/2; rest <= |w0|^2 <= 21/20 < 2; |w0|^2 + C <= 21/10 < 7 <= 2 + m/eta. *)
Theorem full_batch_limit : Statements.full_batch_limit.
Proof.
move=> R m n kind a eta w0 draws orth eta0 eta1 start some run limit.
have runE t : run t = gd_weights kind a eta w0 t.
  by rewrite /run; elim: t => //= t ->; exact: full_step.
have m0 : (0 < m)%N by case: some => i _; exact: leq_ltn_trans (leq0n i) (ltn_ord i).
have mp : 0 < m%:R :> R by rewrite ltr0n.
have eta5 : 0 <= m%:R - 5%:R * eta.
  have -> : m%:R - 5%:R * eta = 5%:R * m%:R * (5%:R^-1 - eta / m%:R) by field; rewrite gt_eqF.
  by rewrite !mulr_ge0 ?ler0n // subr_ge0.
have eta2 : eta < m%:R / 2%:R.
  rewrite -subr_gt0.
  have -> : m%:R / 2%:R - eta = (m%:R - 5%:R * eta) / 2%:R + 3%:R / 2%:R * eta by field.
  apply: (@lt_le_trans _ _ (3%:R / 2%:R * eta)); first by rewrite mulr_gt0 // divr_gt0 ?ltr0n.
  by rewrite -subr_ge0 addrK divr_ge0 ?ler0n.
have C0 := energy_ge0 kind a w0; have CN := energy_le kind orth w0.
have r2 : rest kind a w0 < 2%:R.
  rewrite /rest -subr_gt0.
  apply: (@lt_le_trans _ _ (19%:R / 20%:R)); first by rewrite divr_gt0 ?ltr0n.
  by move: (energy _ _ _) (sqnorm _) C0 start => C N C0 start; cert ((21%:R / 20%:R - N) + C).
have far : sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta.
  rewrite -subr_gt0.
  have -> : m%:R / eta = 5%:R + (m%:R - 5%:R * eta) / eta by field; rewrite gt_eqF.
  have q0 : 0 <= (m%:R - 5%:R * eta) / eta by rewrite divr_ge0 // ltW.
  apply: (@lt_le_trans _ _ (49%:R / 10%:R)); first by rewrite divr_gt0 ?ltr0n.
  move: (energy _ _ _) (sqnorm _) (_ / eta) CN start q0 => C N q CN start q0.
  by cert ((21%:R / 20%:R - N) * 2%:R + (N - C) + q).
have [lin Lmin] := TheoremsDescentWide.gd_converges orth eta0 eta2 some r2 far.
have lin' : converges_linearly run limit.
  by case: lin => K [q [q0 q1 h]]; exists K, q; split=> // t; rewrite runE.
by split=> // arch; exact: TheoremsDescentCosines.linear_is_convergent.
Qed.
