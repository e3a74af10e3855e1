(** Far out, the root of |c_j/c_l| shrinks on average, for every other active point j, every batch
    size b and both activations. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Exchange.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section FarOut.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 <= eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b <= m)%N).
Local Notation batch := (batch m b).

Definition sgd (o : batch) w := step kind a eta (val o) w.

(** The root of |c_j/c_l|, in terms of the activations. *)
Definition root l j w : R := Num.sqrt (`|phi (c w j)| / `|phi (c w l)|).

Variables (w : 'rV[R]_n) (l j : 'I_m).
Hypotheses (lj : l != j) (N1 : N w <= 21%:R / 20%:R) (C1 : 9%:R / 10%:R <= C w)
  (far : \sum_(i | i != l) phi (c w i) ^+ 2 <= 1 / 10%:R).

Let al_ge0 : 0 <= al. Proof. by rewrite mulr_ge0 // invr_ge0 ler0n. Qed.
Let e i := phi (c w i) ^+ 2.
Let e0 i : 0 <= e i. Proof. exact: sqr_ge0. Qed.

Lemma card_batch (o : batch) : #|val o| = b. Proof. exact: eqP (valP o). Qed.

Definition factor (o : batch) i : R :=
  (if i \in val o then shrink kind a eta (val o) w + gain eta (val o) w
   else shrink kind a eta (val o) w).

Lemma factors (o : batch) : 0 < shrink kind a eta (val o) w /\
  0 < shrink kind a eta (val o) w + gain eta (val o) w.
Proof. by apply: batch_signs => //; rewrite card_batch. Qed.

Lemma factor_gt0 (o : batch) i : 0 < factor o i.
Proof. by have [s0 sg0] := factors o; rewrite /factor; case: ifP. Qed.

Lemma root_step (o : batch) : root l j (sgd o w) = Num.sqrt (factor o j / factor o l) * root l j w.
Proof.
have step i : phi (c (sgd o w) i) = factor o i * phi (c w i).
  by rewrite /sgd phi_step_batch // card_batch.
rewrite /root !step !normrM !(gtr0_norm (factor_gt0 _ _)) -sqrtrM; last first.
  by rewrite mulr_ge0 ?invr_ge0 // ltW // factor_gt0.
by congr (Num.sqrt _); rewrite invfM mulrACA.
Qed.

Definition kappa : R := al ^+ 2 * (19%:R / 4000%:R).

Lemma pair_drift (o : batch) : l \in val o -> j \notin val o ->
  (Num.sqrt (factor o j / factor o l) + Num.sqrt (factor (swap l j o) j / factor (swap l j o) l))
   / 2%:R <= 1 - kappa.
Proof.
move=> lo jo; set o' := swap l j o.
have lo' : l \notin val o' by rewrite /= mem_swap tpermL.
have jo' : j \in val o' by rewrite /= mem_swap tpermR.
pose S0 := \sum_(i in val o | i != l) e i.
have So : batch_energy kind a (val o) w = S0 + e l by rewrite /batch_energy (bigD1 l) //= addrC.
have So' : batch_energy kind a (val o') w = S0 + e j.
  rewrite /batch_energy (bigD1 j) //= addrC; congr (_ + _); apply: eq_bigl => i.
  rewrite mem_swap; case: (eqVneq i j) => [->|ij] /=.
    by rewrite andbF (negbTE jo).
  case: (eqVneq i l) => [->|il] /=; first by rewrite tpermL (negbTE jo) andbF.
  by rewrite tpermD // eq_sym.
have S00 : 0 <= S0 by apply: sumr_ge0.
have rest_le : S0 + e j <= 1 / 10%:R.
  apply: le_trans far; rewrite -So' /batch_energy [X in _ <= X](bigID (mem (val o'))) /=.
  rewrite (eq_bigl (fun i => (i != l) && (i \in val o'))).
    by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: e0.
  by move=> i; case: (eqVneq i l) => [->|] //=; rewrite (negbTE lo').
have CE : C w = e l + \sum_(i | i != l) e i by rewrite /energy (bigD1 l).
have lead : 7%:R / 10%:R <= e l - e j.
  have -> : e l = C w - \sum_(i | i != l) e i by rewrite CE addrK.
  by cert ((C w - 9%:R / 10%:R) + (1 / 10%:R - \sum_(i | i != l) e i) + (1 / 10%:R - (S0 + e j)) + S0).
have CN := energy_le kind a_orth w; have N2 := le_trans C1 CN.
have few : S0 + e l <= N w by rewrite -So batch_energy_le.
have [s0 sg0] := factors o; have [s0' sg0'] := factors o'.
have sE (q : batch) : shrink kind a eta (val q) w = 1 - al * batch_energy kind a (val q) w.
  by rewrite /shrink card_batch.
have gE (q : batch) : gain eta (val q) w = al * (2%:R - N w) by rewrite /gain card_batch.
have fE : factor o j / factor o l = (1 - al * (S0 + e l)) / ((1 - al * (S0 + e l)) + al * (2%:R - N w)).
  by rewrite /factor lo (negbTE jo) sE gE So.
have fE' : factor o' j / factor o' l = ((1 - al * (S0 + e j)) + al * (2%:R - N w)) / (1 - al * (S0 + e j)).
  by rewrite /factor jo' (negbTE lo') sE gE So'.
have p1 : 0 <= factor o j / factor o l by rewrite mulr_ge0 ?invr_ge0 // ltW // factor_gt0.
have p2 : 0 <= factor o' j / factor o' l by rewrite mulr_ge0 ?invr_ge0 // ltW // factor_gt0.
have := @far_out_pair R al (N w) (e l) (e j) S0 1 (Num.sqrt (factor o j / factor o l))
  (Num.sqrt (factor o' j / factor o' l)) al_ge0 al1 N1 N2 S00 (e0 j) few rest_le lead ler01
  (sqrtr_ge0 _) (etrans (sqr_sqrtr p1) fE) (sqrtr_ge0 _) (etrans (sqr_sqrtr p2) fE').
rewrite !mulr1 => le1; apply: le_trans le1 _.
have N3 : 0 <= 21%:R / 20%:R - N w by rewrite subr_ge0.
by rewrite /kappa; move: (eta / b%:R) => A; cert (A ^+ 2 * (21%:R / 20%:R - N w) / 200%:R).
Qed.

Definition share : R :=
  #|[set o : batch | (l \in val o) != (j \in val o)]|%:R / #|{: batch}|%:R.

(** The contraction that [Capture.captured] asks for, for one pair. *)
Theorem far_out_drift : mean (fun o : batch => root l j (sgd o w)) <= (1 - kappa * share) * root l j w.
Proof.
have r0 : 0 <= root l j w by exact: sqrtr_ge0.
have K0 : 0 < #|{: batch}|%:R :> R by rewrite ltr0n batches bin_gt0.
have same (o : batch) : (l \in val o) = (j \in val o) -> Num.sqrt (factor o j / factor o l) <= 1.
  move=> loj; have -> : factor o j = factor o l by rewrite /factor loj.
  by rewrite divff ?sqrtr1 // gt_eqF // factor_gt0.
have := exchange same pair_drift; set T := \sum_o _ => sum_le.
have -> : mean (fun o : batch => root l j (sgd o w)) = T / #|{: batch}|%:R * root l j w.
  by rewrite /mean /T !mulr_suml; apply: eq_bigr => o _; rewrite root_step mulrAC.
rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
have -> : 1 - kappa * share = (#|{: batch}|%:R -
  kappa * #|[set o : batch | (l \in val o) != (j \in val o)]|%:R) / #|{: batch}|%:R.
  by rewrite /share; field; rewrite gt_eqF.
by rewrite -subr_ge0 -mulrBl mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

(** Some batch has l and not j, so the share is positive for 0 < b < m. *)
Lemma some_batch : (b < m)%N -> exists o : batch, (l \in val o) && (j \notin val o).
Proof.
move=> bm'; pose D := ~: [set l; j].
have cD : #|D| = (m - 2)%N.
  by have := cardsC [set l; j]; rewrite cards2 lj card_ord -/D; move: #|D| => d; clear; lia.
have : (0 < #|[set A : {set 'I_m} | A \subset D & #|A| == b.-1]|)%N.
  by rewrite cards_draws bin_gt0 cD; move: bm' b0; clear; lia.
case/card_gt0P => A; rewrite inE => /andP[AD /eqP cA].
have lA : l \notin A by apply/negP => /(subsetP AD); rewrite !inE eqxx.
have jA : j \notin A by apply/negP => /(subsetP AD); rewrite !inE eqxx orbT.
have cB : #|l |: A| == b by rewrite cardsU1 lA cA add1n prednK.
exists (exist _ (l |: A) cB) => /=; rewrite !inE eqxx /= negb_or jA andbT.
by rewrite eq_sym.
Qed.

End FarOut.
