(** One step of SGD in closed form, and the trap region: for every batch and all m, n. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.
Implicit Types (x S N alpha : R).

Lemma trap_bound N : 0 <= N -> N <= 21%:R / 20%:R ->
  N + N * (4%:R * (1 - N) + (2%:R - N) ^+ 2 / 5%:R) / 5%:R <= 21%:R / 20%:R.
Proof.
move=> N0 N1.
have pos : 0 <= (459%:R / 20%:R * (N - 490%:R / 459%:R) ^+ 2 + 175%:R / 1836%:R) / 25%:R :> R.
  by positive.
by cert (N ^+ 2 * (21%:R / 20%:R - N) / 25%:R
  + (459%:R / 20%:R * (N - 490%:R / 459%:R) ^+ 2 + 175%:R / 1836%:R) / 25%:R).
Qed.

Lemma trap_scalar alpha S N : 0 <= alpha -> alpha <= 5%:R^-1 ->
  0 <= S -> S <= N -> N <= 21%:R / 20%:R ->
  let s := 1 - alpha * S in let g := alpha * (2%:R - N) in
  [/\ s ^+ 2 * N + (2%:R * s * g + g ^+ 2) * S <= 21%:R / 20%:R, 0 < s & 0 < s + g].
Proof.
move=> A0 A1 S0 SN N1 s g; have N0 := le_trans S0 SN.
have u0 : 0 < 2%:R - N.
  apply: (@lt_le_trans _ _ (19%:R / 20%:R)); first by rewrite divr_gt0 // ltr0n.
  by cert (21%:R / 20%:R - N).
have s0 : 0 < s.
  apply: (@lt_le_trans _ _ (79%:R / 100%:R)); first by rewrite divr_gt0 // ltr0n.
  rewrite /s; by cert (alpha * (N - S) + alpha * (21%:R / 20%:R - N) + (5%:R^-1 - alpha) * (21%:R / 20%:R)).
split=> //; last by apply: lt_le_trans s0 _; rewrite /g; have u1 := ltW u0; cert (alpha * (2%:R - N)).
pose b1 := 4%:R * (1 - N) + alpha * (2%:R - N) ^+ 2.
have four3N : 0 <= 4%:R - 3%:R * N by cert (3%:R * (21%:R / 20%:R - N) + 17%:R / 20%:R).
have -> : s ^+ 2 * N + (2%:R * s * g + g ^+ 2) * S =
    N + alpha * S * b1 - alpha ^+ 2 * S ^+ 2 * (4%:R - 3%:R * N).
  by rewrite /s /g /b1; ring.
apply: (@le_trans _ _ (N + alpha * S * b1)).
  by cert (alpha ^+ 2 * S ^+ 2 * (4%:R - 3%:R * N)).
case: (lerP b1 0) => [neg|/ltW pos].
  apply: le_trans N1; have neg' : 0 <= - b1 by rewrite oppr_ge0.
  by cert (alpha * S * (- b1)).
apply: le_trans (trap_bound N0 N1).
pose b2 := 4%:R * (1 - N) + (2%:R - N) ^+ 2 / 5%:R.
have b12 : b1 <= b2 by rewrite /b1 /b2; cert ((5%:R^-1 - alpha) * (2%:R - N) ^+ 2).
apply: (@le_trans _ _ (N + N * b1 / 5%:R)).
  by cert (alpha * b1 * (N - S) + (5%:R^-1 - alpha) * (N * b1)).
rewrite -/b2; by cert (N * (b2 - b1) / 5%:R).
Qed.
End Scalar.

Section Step.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variables (eta : R) (B : {set 'I_m}).
Local Notation next := (step kind a eta B).
Let alpha := eta / #|B|%:R.

Definition batch_energy w : R := \sum_(i in B) phi (c w i) ^+ 2.          (* S *)
Definition shrink w : R := 1 - alpha * batch_energy w.                     (* s *)
Definition gain w : R := alpha * (2%:R - N w).                             (* g *)

Lemma batch_energy_ge0 w : 0 <= batch_energy w.
Proof. by apply: sumr_ge0 => i _; exact: sqr_ge0. Qed.

Lemma batch_energy_le w : batch_energy w <= N w.
Proof.
apply: le_trans (energy_le kind a_orth w); rewrite /energy (bigID (mem B)) /=.
rewrite -subr_ge0 addrC addKr; by apply: sumr_ge0 => i _; exact: sqr_ge0.
Qed.

Lemma step_closed w :
  next w = shrink w *: w + gain w *: \sum_(i in B) phi (c w i) *: a i.
Proof.
rewrite /step -/alpha /sample_gradient big_split /= -scaler_suml -/(batch_energy w).
have -> : \sum_(i in B) ((N w - 2%:R) * phi (c w i)) *: a i =
   (N w - 2%:R) *: \sum_(i in B) phi (c w i) *: a i.
  by rewrite scaler_sumr; apply: eq_bigr => i _; rewrite scalerA.
rewrite /shrink /gain; move: (\sum_(i in B) phi (c w i) *: a i) (batch_energy w) (N w) => Q S N.
by apply/rowP => k; rewrite !mxE; move: (w 0 k) (Q 0 k) alpha => x y al; ring.
Qed.

(** The correlations after one step. *)
Theorem corr_step w j :
  c (next w) j = shrink w * c w j + (if j \in B then gain w * phi (c w j) else 0).
Proof.
rewrite step_closed /corr dotDl !dotZl dot_suml; congr (_ + _).
have [jB|jB] := boolP (j \in B).
  rewrite (bigD1 j) //= dotZl a_orth eqxx mulr1 big1 ?addr0 // => i /andP[_ ij].
  by rewrite dotZl a_orth (negbTE ij) mulr0.
rewrite big1 ?mulr0 // => i iB; rewrite dotZl a_orth.
have /negbTE -> : i != j by apply: contraNneq jB => <-.
by rewrite mulr0.
Qed.

Lemma sqnorm_step w :
  N (next w) = shrink w ^+ 2 * N w
    + (2%:R * shrink w * gain w + gain w ^+ 2) * batch_energy w.
Proof.
have part : N (\sum_(i in B) phi (c w i) *: a i) = batch_energy w.
  have -> : \sum_(i in B) phi (c w i) *: a i =
      \sum_i (if i \in B then phi (c w i) else 0) *: a i.
    rewrite [LHS]big_mkcond /=; apply: eq_bigr => i _.
    by case: ifP => // _; rewrite scale0r.
  rewrite (sqnorm_comb a_orth) /batch_energy [RHS]big_mkcond /=.
  by apply: eq_bigr => i _; case: ifP => // _; rewrite expr0n.
have cross : dot w (\sum_(i in B) phi (c w i) *: a i) = batch_energy w.
  by rewrite dot_sumr; apply: eq_bigr => i _; rewrite dotZr mulrC -/(corr a w i) phi_self.
rewrite step_closed sqnormD !sqnormZ dotZl dotZr part cross; ring.
Qed.

(** The trap: |w|^2 <= 21/20 is kept, and no correlation changes its sign. *)
Theorem trap w : 0 <= eta -> eta / #|B|%:R <= 5%:R^-1 -> N w <= 21%:R / 20%:R ->
  N (next w) <= 21%:R / 20%:R /\ forall j, Num.sg (c (next w) j) = Num.sg (c w j).
Proof.
move=> eta0 A1 N1.
have A0 : 0 <= alpha by rewrite mulr_ge0 // invr_ge0 ler0n.
have [le s0 sg0] := trap_scalar A0 A1 (batch_energy_ge0 w) (batch_energy_le w) N1.
rewrite sqnorm_step; split=> // j; rewrite corr_step.
have sgE k : 0 < k -> Num.sg (k * c w j) = Num.sg (c w j).
  by move=> k0; rewrite sgrM gtr0_sg ?mul1r.
case: ifP => _; last by rewrite addr0 sgE.
rewrite /Definitions.phi; case: kind; first by rewrite -mulrDl sgE.
by case: ifP => _; [rewrite -mulrDl sgE | rewrite mulr0 addr0 sgE].
Qed.
End Step.
