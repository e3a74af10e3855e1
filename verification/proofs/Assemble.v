(** One functional of the weights that contracts on average near the data points: the sum of the
    roots |c_j/c_l| for the leader l, plus a little of the off-span energy and of |1 - C|. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Means.
Variables (R : realFieldType) (Om : finType).
Hypothesis Om0 : (0 < #|Om|)%N.
Let k_gt0 : 0 < #|Om|%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma mean_sum (I : finType) (P : pred I) (F : Om -> I -> R) :
  mean (fun o => \sum_(i | P i) F o i) = \sum_(i | P i) mean (fun o => F o i).
Proof. by rewrite /mean -mulr_suml exchange_big. Qed.

Lemma mean_add (F G : Om -> R) : mean (fun o => F o + G o) = mean F + mean G.
Proof. by rewrite /mean big_split /= mulrDl. Qed.

(** A bound that one outcome betters by Y. *)
Lemma mean_hit (G : Om -> R) (X Y : R) o0 : (forall o, G o <= X) -> G o0 <= X - Y ->
  mean G <= X - Y / #|Om|%:R.
Proof.
move=> all one; have i0 : 0 <= #|Om|%:R^-1 :> R by rewrite invr_ge0 ltW.
have -> : X - Y / #|Om|%:R = (#|Om|%:R * X - Y) / #|Om|%:R by field; rewrite gt_eqF.
rewrite /mean -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
have -> : #|Om|%:R * X - Y = \sum_o (X - (if o == o0 then Y else 0)).
  by rewrite sumrB -big_mkcond /= big_pred1_eq sumr_const mulr_natl; congr (_ - _).
apply: ler_sum => o _; case: eqP => [->|_] //; by rewrite subr0.
Qed.
End Means.

Section Assemble.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation others := (others kind a).
Local Notation miss := (miss kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).

Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let bm' : (b <= m)%N. Proof. exact: ltnW. Qed.
Lemma al_pos : 0 < al. Proof. by rewrite divr_gt0 // ltr0n. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_pos. Qed.
Lemma some_batches : (0 < #|{: batch}|)%N. Proof. by rewrite batches bin_gt0. Qed.

Definition sigma : R := #|{: batch}|%:R^-1.
Lemma sigma_gt0 : 0 < sigma. Proof. by rewrite invr_gt0 ltr0n some_batches. Qed.
Lemma sigma_le1 : sigma <= 1.
Proof. by rewrite invf_le1 ?ler1n ?ltr0n some_batches. Qed.

Lemma share_ge (l j : 'I_m) : l != j -> sigma <= share R b l j.
Proof.
move=> lj; have [o /andP[lo jo]] := some_batch b0 lj bm.
rewrite -[X in X <= _]mul1r /share -subr_ge0 -mulrBl mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0 ler1n.
by apply/card_gt0P; exists o; rewrite inE lo (negbTE jo).
Qed.

Definition little : R := kappa b eta * sigma.
Lemma kappa_gt0 : 0 < kappa b eta.
Proof. by rewrite /kappa mulr_gt0 ?exprn_gt0 ?al_pos // divr_gt0 // ltr0n. Qed.
Lemma little_gt0 : 0 < little.
Proof. by rewrite mulr_gt0 ?kappa_gt0 ?sigma_gt0. Qed.
Lemma little_le : little <= 1 / 100%:R.
Proof.
have s0 := ltW sigma_gt0; have s1 := sigma_le1; have h := al_ge0.
have h1 : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have k0 := ltW kappa_gt0; have k1 : 0 <= 1 / 100%:R - kappa b eta.
  rewrite /kappa; move: (eta / b%:R) h h1 => A h h1.
  have -> : 1 / 100%:R - A ^+ 2 * (19%:R / 4000%:R) =
    (5%:R^-1 - A) * (5%:R^-1 + A) * (19%:R / 4000%:R) + 981%:R / (1000%:R * 100%:R) :> R by field.
  by positive.
rewrite /little; move: (kappa b eta) k0 k1 => k k0 k1.
by cert ((1 / 100%:R - k) + k * (1 - sigma)).
Qed.

(** ** The sum of the roots *)
Definition spread l w : R := \sum_(j | j != l) root l j w.

Lemma root_ge0 l j w : 0 <= root l j w.
Proof. exact: sqrtr_ge0. Qed.
Lemma spread_ge0 l w : 0 <= spread l w.
Proof. by apply: sumr_ge0 => j _; exact: root_ge0. Qed.

Definition lead l w := phi (c w l) != 0.

Lemma spread_all l w : lead l w -> spread l w = \sum_j root l j w - 1.
Proof.
move=> lw; rewrite (bigD1 l) //= /FarOut.root divff ?normr_eq0 // sqrtr1 [1 + _]addrC addrK.
by [].
Qed.

Lemma inv_le (x y : R) : 0 < x -> x <= y -> y^-1 <= x^-1.
Proof.
move=> x0 xy; have y0 := lt_le_trans x0 xy; rewrite -subr_ge0.
have -> : x^-1 - y^-1 = (y - x) / x / y by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?invr_ge0 ?subr_ge0 // ltW.
Qed.

(** A stronger leader has a smaller spread. *)
Lemma spread_leader l k w : lead l w -> `|phi (c w l)| <= `|phi (c w k)| -> spread k w <= spread l w.
Proof.
move=> lw lk; have l0 : 0 < `|phi (c w l)| by rewrite normr_gt0.
have k0 := lt_le_trans l0 lk.
rewrite !spread_all //; last by rewrite /lead -normr_gt0.
rewrite -subr_ge0 opprB addrA subrK subr_ge0; apply: ler_sum => j _.
rewrite /FarOut.root ler_wsqrtr // -subr_ge0 -mulrBr mulr_ge0 ?normr_ge0 // subr_ge0.
exact: inv_le.
Qed.

Lemma spread_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> others l w <= 1 / 10%:R ->
  mean (fun o : batch => spread l (sgd o w)) <= (1 - little) * spread l w.
Proof.
move=> N1 C1 far; rewrite mean_sum /spread mulr_sumr; apply: ler_sum => j jl.
have lj : l != j by rewrite eq_sym.
apply: le_trans (far_out_drift a_orth eta_ge0 al1 bm' j N1 C1 far) _.
have := share_ge lj; have r0 := root_ge0 l j w; have k0 := ltW kappa_gt0.
rewrite /little; move: (share R b l j) (kappa b eta) k0 => h k k0 hs.
by cert (k * (h - sigma) * root l j w).
Qed.

(** Where the spread is small the other points have little energy. *)
Lemma others_le l w : N w <= 21%:R / 20%:R -> lead l w -> spread l w <= 1 / 2%:R ->
  others l w <= 21%:R / 160%:R * spread l w.
Proof.
move=> N1 lw sm; have s0 := spread_ge0 l w.
have l0 : `|phi (c w l)| != 0 by rewrite normr_eq0.
have el : phi (c w l) ^+ 2 <= 21%:R / 20%:R.
  apply: le_trans N1; apply: le_trans (energy_le kind a_orth w).
  by rewrite (energy_others kind a l w); cert (others l w); exact: others_ge0.
rewrite /Ending.others /spread mulr_sumr; apply: ler_sum => j jl.
have r0 := root_ge0 l j w; have r1 : root l j w <= 1 / 2%:R.
  apply: le_trans sm; rewrite /spread (bigD1 j) //= -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => i _; exact: root_ge0.
have rE : phi (c w j) ^+ 2 = root l j w ^+ 4 * phi (c w l) ^+ 2.
  rewrite -[4%N]/(2 * 2)%N exprM sqr_sqrtr; last by rewrite mulr_ge0 ?invr_ge0 ?normr_ge0.
  by rewrite -[in LHS](real_normK (num_real _)) -[phi (c w l) ^+ 2](real_normK (num_real _)) -exprMn
    mulfVK.
rewrite rE; move: (root l j w) (phi (c w l) ^+ 2) (sqr_ge0 (phi (c w l))) r0 r1 el => r e e0 r0 r1 el.
have r1' : 0 <= 1 / 2%:R - r by rewrite subr_ge0.
have el' : 0 <= 21%:R / 20%:R - e by rewrite subr_ge0.
cert (r * (r ^+ 3 * (21%:R / 20%:R - e)
  + 21%:R / 20%:R * (1 / 2%:R - r) * (1 / 4%:R + r / 2%:R + r ^+ 2))).
Qed.

Lemma others_far l w : N w <= 21%:R / 20%:R -> lead l w -> spread l w <= 1 / 2%:R ->
  others l w <= 1 / 10%:R.
Proof.
move=> N1 lw sm; apply: le_trans (others_le N1 lw sm) _.
by cert (21%:R / 160%:R * (1 / 2%:R - spread l w) + 11%:R / 320%:R).
Qed.

(** ** The functional *)
Definition total l w : R := spread l w + little * miss w.

Lemma has_batch l : exists o : batch, l \in val o.
Proof.
have [j lj] : exists j : 'I_m, l != j.
  apply/existsP; apply: contraTT bm; rewrite negb_exists => /forallP all.
  have : (#|'I_m| <= 1)%N by apply/card_le1_eqP => x y _ _; rewrite
    -(eqP (negbNE (all x))) -(eqP (negbNE (all y))).
  by rewrite card_ord; move: b0; clear; lia.
by have [o /andP[lo _]] := some_batch b0 lj bm; exists o.
Qed.

Definition q : R := 1 - little * sigma * al / 4%:R.

Lemma q_bounds : 0 <= q /\ q < 1.
Proof.
have l0 := little_gt0; have s0 := sigma_gt0; have h := al_pos; split; last first.
  by rewrite /q -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n // mulr_gt0 // mulr_gt0.
have l1 := little_le; have s1 := sigma_le1; have a1 := al1.
have l0' := ltW l0; have s0' := ltW s0; have h' := ltW h.
rewrite /q; move: (eta / b%:R) little sigma l0' s0' h' l1 s1 a1 => A k s l0' s0' h' l1 s1 a1.
have l1' : 0 <= 1 / 100%:R - k by rewrite subr_ge0.
have s1' : 0 <= 1 - s by rewrite subr_ge0.
have a1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
have -> : 1 - k * s * A / 4%:R = k * s * (5%:R^-1 - A) / 4%:R + k * (1 - s) / 20%:R
  + (1 / 100%:R - k) / 20%:R + 1999%:R / 2000%:R by field.
by positive.
Qed.

Lemma total_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> lead l w ->
  spread l w <= 1 / 2%:R -> mean (fun o : batch => total l (sgd o w)) <= q * total l w.
Proof.
move=> N1 C1 lw sm; have far := others_far N1 lw sm; have E1 := others_le N1 lw sm.
rewrite /total mean_add mean_scale.
have S := spread_drift N1 C1 far.
have [o0 lo0] := has_batch l.
have M : mean (fun o : batch => miss (sgd o w)) <=
    miss w + al * others l w - al / 4%:R * miss w * sigma.
  have z0 := miss_ge0 kind a_orth w; have h := al_ge0.
  apply: (mean_hit some_batches (o0 := o0)) => [o|].
    case: (boolP (l \in val o)) => lo; last exact: miss_out.
    apply: le_trans (miss_in a_orth eta_ge0 al1 N1 C1 far lo) _.
    move: (eta / b%:R) h => A h; by cert (A / 4%:R * miss w).
  apply: le_trans (miss_in a_orth eta_ge0 al1 N1 C1 far lo0) _.
  by move: (eta / b%:R) => A; cert (0 : R).
move: (mean _) (mean _) S M => MM MS S M.
have y0 := spread_ge0 l w; have z0 := miss_ge0 kind a_orth w.
have l0 := ltW little_gt0; have s0 := ltW sigma_gt0; have h := al_ge0.
have l1 := little_le; have s1 := sigma_le1; have a1 := al1.
rewrite /q; move: (eta / b%:R) little sigma (spread l w) (miss w) (others l w) y0 z0 l0 s0 h l1 s1 a1
  S M E1.
move=> A k s Y Z E y0 z0 l0 s0 h l1 s1 a1 S M E1.
have l1' : 0 <= 1 / 100%:R - k by rewrite subr_ge0.
have s1' : 0 <= 1 - s by rewrite subr_ge0.
have a1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
cert (((1 - k) * Y - MS) + k * ((Z + A * E - A / 4%:R * Z * s) - MM)
  + k * A * (21%:R / 160%:R * Y - E) + k * s * A / 4%:R * Z * ((1 / 100%:R - k) + 99%:R / 100%:R)
  + k * Y * (21%:R / 160%:R * (5%:R^-1 - A) + (1 - s) / 4%:R * A + (5%:R^-1 - A) / 4%:R
  + 739%:R / 800%:R)).
Qed.
End Assemble.
