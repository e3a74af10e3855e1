(** Global minima at the end of a run: the data points with a sign, and, for b = m, where SGD is
    gradient descent, the active part of the start, normalised. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange FarOut Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Minima.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n).
Hypotheses (orth : orthonormal a) (m0 : (0 < m)%N).

(** -a_i is a minimum of the linear neuron, as a_i is: the loss is even. *)
Lemma linear_even w : loss Linear a (- w) = loss Linear a w.
Proof.
rewrite /loss; congr (_ * _); apply: eq_bigr => i _.
by rewrite /sample_loss /model /= dotNl scaleNr scalerN opprK.
Qed.

Lemma point_minimal i : eligible kind a w0 i -> loss kind a (signed_point a w0 i) = min_loss R m.
Proof.
rewrite /signed_point /eligible; case: (kind) => [c0|c0]; last first.
  by rewrite gtr0_sg // scale1r; exact: data_point_minimal.
move: c0; case: (sgrP (corr a w0 i)) => [//|_ _|_ _].
  by rewrite scale1r; exact: data_point_minimal.
by rewrite scaleN1r linear_even; exact: data_point_minimal.
Qed.

(** The limit of gradient descent: the active part of the start, normalised. *)
Lemma active_minimal r : 0 < r -> r ^+ 2 = energy kind a w0 ->
  loss kind a (r^-1 *: active_part kind a w0) = min_loss R m.
Proof.
move=> r0 rE; have ri : 0 <= r^-1 by rewrite invr_ge0 ltW.
apply/(minima kind orth m0); split.
  by rewrite sqnormZ (sqnorm_active kind orth) -rE exprVn mulVf // expf_neq0 // gt_eqF.
have cE i : phi kind (corr a (r^-1 *: active_part kind a w0) i) = r^-1 * phi kind (corr a w0 i).
  rewrite {1}/corr dotZl dot_comb // phi_hom //; congr (_ * _).
  by rewrite /phi; case: kind => //; case: (lerP 0 (corr a w0 i)) => c0; rewrite ?c0 ?lexx.
rewrite [RHS]/active_part; under eq_bigr => i _ do rewrite cE -scalerA.
by rewrite -scaler_sumr.
Qed.
End Minima.

(** With b = m there is one batch only, and SGD is gradient descent. *)
Lemma full_weights (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0
  (draws : nat -> batch m m) t : iterates (sgd_step kind a eta) w0 draws t = gd kind a eta t w0.
Proof.
elim: t => //= t ->; rewrite /sgd_step /gd /= /step.
have -> // : val (draws t) = [set: 'I_m].
by apply/eqP; rewrite eqEcard subsetT cardsT card_ord (card_batch (draws t)) leqnn.
Qed.
