(** Two points in the plane and the start half way between them: it meets the hypotheses of the
    theorem on mini-batch SGD, and with the full batch both correlations stay equal, so that the run
    never comes near a data point. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sharp.
Variable R : rcfType.
Let a : 'I_2 -> 'rV[R]_2 := fun i => delta_mx 0 i.
Let w0 : 'rV[R]_2 := 2%:R^-1 *: (a ord0 + a ord_max).

Lemma unit_vectors i j : dot (a i) (a j) = (i == j)%:R.
Proof.
rewrite /dot (bigD1 i) //= !mxE !eqxx mul1r big1 ?addr0 => [|k ki]; first by [].
by rewrite !mxE (negbTE ki) andbF mul0r.
Qed.

Lemma start_corr kind i : phi kind (corr a w0 i) = 2%:R^-1.
Proof.
have c : corr a w0 i = 2%:R^-1.
  rewrite /corr dotZl dotDl !unit_vectors.
  by case: i => [[|[]]] //= i2; rewrite ?addr0 ?add0r mulr1.
by rewrite c /phi; case: kind => //; rewrite invr_ge0 ler0n.
Qed.

Lemma start_met kind : sqnorm w0 <= 21%:R / 20%:R /\ forall i, eligible kind a w0 i.
Proof.
have N0 : sqnorm w0 = 2%:R^-1 by rewrite sqnormZ sqnormD /sqnorm !unit_vectors /=; field.
split; first by rewrite N0; cert (11%:R / 20%:R : R).
by move=> i; rewrite eligibleE start_corr invr_eq0 pnatr_eq0.
Qed.

(** With the full batch, b = m = 2, both correlations stay equal. *)
Lemma even_run kind eta (Bs : seq (batch 2 2)) w : w \in trajectory kind a eta w0 Bs ->
  corr a w ord0 = corr a w ord_max.
Proof.
pose even (w : 'rV[R]_2) := corr a w ord0 = corr a w ord_max.
have even_step (B : batch 2 2) v : even v -> even (sgd_step kind a eta B v).
  have full j : j \in val B.
    have : val B == [set: 'I_2] by rewrite eqEcard subsetT cardsT card_ord (eqP (valP B)).
    by move/eqP ->; rewrite inE.
  move=> ev; rewrite /even !(corr_step kind unit_vectors eta (val B) v) !full.
  by move: ev; rewrite /even => ->.
have even0 : even w0 by rewrite /even /corr dotZl dotDl dotZl dotDl !unit_vectors /= addr0 add0r.
rewrite /trajectory; move: even0; move: w0 => v.
elim: Bs v => [|B Bs IH] v ev; rewrite /states in_cons => /orP[/eqP -> //|]; first by [].
exact: IH (even_step B v ev).
Qed.

(** With equal correlations c the squared distance from s a_i, s^2 = 1, is at least
    (c - s)^2 + c^2 >= 1/2. *)
Lemma even_far (w : 'rV[R]_2) (s : R) i : s ^+ 2 = 1 -> corr a w ord0 = corr a w ord_max ->
  2%:R^-1 <= sqnorm (w - s *: a i).
Proof.
move=> s2 ew; apply: le_trans (bessel unit_vectors (w - s *: a i)).
rewrite 2!big_ord_recl big_ord0 addr0.
have -> : lift ord0 ord0 = ord_max :> 'I_2 by apply: val_inj.
rewrite /corr !dotBl !dotZl !unit_vectors; move: ew; rewrite /corr => ->.
move: (dot w _) => c; have s2' : 1 - s ^+ 2 = 0 by rewrite s2 subrr.
have key : 2%:R^-1 <= (c - s) ^+ 2 + c ^+ 2.
  have -> : (c - s) ^+ 2 + c ^+ 2 = 2%:R^-1 + (2%:R * (c - s / 2%:R) ^+ 2 - (1 - s ^+ 2) / 2%:R).
    by field.
  by rewrite s2' mul0r subr0 -subr_ge0 addrC addKr mulr_ge0 ?ler0n ?sqr_ge0.
by case: i => [[|[]]] //= i2; rewrite mulr1 mulr0 subr0 // addrC.
Qed.

Lemma full_batch_away kind eta (Bs : seq (batch 2 2)) w : w \in trajectory kind a eta w0 Bs ->
  forall i, 2%:R^-1 <= sqnorm (w - a i) /\ 2%:R^-1 <= sqnorm (w + a i).
Proof.
move=> /even_run ew i; split.
  by rewrite -[a i]scale1r; apply: even_far => //; rewrite expr1n.
have -> : w + a i = w - (-1) *: a i by rewrite scaleN1r opprK.
by apply: even_far => //; rewrite sqrrN expr1n.
Qed.

(** So no run settles at a point. *)
Lemma full_batch_far kind (eta e : R) (T0 T : nat) (Bs : seq (batch 2 2)) :
  0 <= e -> e <= 2%:R^-1 -> size Bs = (T0 + T)%N -> ~~ settled kind a eta w0 e T0 Bs.
Proof.
move=> e0 e1 sB; apply/existsP => -[i /andP[_ close]].
have [v vin] : exists v, v \in drop T0 (trajectory kind a eta w0 Bs).
  have : (0 < size (drop T0 (trajectory kind a eta w0 Bs)))%N.
    by rewrite size_drop /trajectory /states /= size_scanl sB subn_gt0 ltnS leq_addr.
  by case: (drop _ _) => // v s _; exists v; rewrite in_cons eqxx.
have := allP close v vin; apply/negP; rewrite /within -ltNge.
have -> : Num.sg (corr a w0 i) = 1.
  by have := start_corr Linear i; rewrite /phi => ->; rewrite gtr0_sg // invr_gt0 ltr0n.
rewrite scale1r; have [far _] := full_batch_away (mem_drop vin) i; apply: lt_le_trans far.
apply: (@le_lt_trans _ _ (4%:R^-1)); last first.
  rewrite -subr_gt0; have -> : 2%:R^-1 - 4%:R^-1 = 4%:R^-1 :> R by field.
  by rewrite invr_gt0 ltr0n.
by cert ((2%:R^-1 - e) * (2%:R^-1 + e)); rewrite subr_ge0.
Qed.
End Sharp.
