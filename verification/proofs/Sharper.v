(** The functional of [Assemble] with better constants. The weight of the loss in it, and the rate,
    were the reciprocal of the number of batches; here they use the true chances that a batch has
    one given point, b/m, and exactly one of two given points, 2b(m-b)/(m(m-1)). *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Noise Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Chances.
Variables (R : rcfType) (m b : nat).
Hypotheses (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation hit := (@hit R m b).

Lemma m_big : (1 < m)%N. Proof. exact: leq_ltn_trans b0 bm. Qed.
Lemma m_pos : 0 < m%:R :> R. Proof. by rewrite ltr0n; exact: ltnW m_big. Qed.
Lemma m1_pos : 0 < m%:R - 1 :> R. Proof. by rewrite subr_gt0 (ltr_nat R 1) m_big. Qed.
Lemma b_pos : 0 < b%:R :> R. Proof. by rewrite ltr0n. Qed.
Lemma mb_pos : 0 < m%:R - b%:R :> R. Proof. by rewrite subr_gt0 ltr_nat. Qed.
Lemma b1_ge0 : 0 <= b%:R - 1 :> R. Proof. by rewrite subr_ge0 (ler_nat R 1). Qed.

Lemma in_batch_bounds : 0 < in_batch R m b /\ in_batch R m b <= 1.
Proof.
have h := m_pos; split; first by rewrite divr_gt0 // b_pos.
have := mb_pos; rewrite /in_batch; move: (m%:R : R) (b%:R : R) h => M B h d.
have mi : 0 <= M^-1 by rewrite invr_ge0 ltW.
have d' := ltW d; rewrite -subr_ge0; have -> : 1 - B / M = (M - B) / M by field; rewrite gt_eqF.
by positive.
Qed.

Lemma split_bounds : 0 < split_pair R m b /\ split_pair R m b <= 2%:R * in_batch R m b.
Proof.
have h1 := m_pos; have h2 := m1_pos; have h3 := b_pos; have h4 := mb_pos; have h5 := b1_ge0.
rewrite /split_pair /in_batch; move: (m%:R : R) (b%:R : R) h1 h2 h3 h4 h5 => M B h1 h2 h3 h4 h5.
split; first by rewrite divr_gt0 ?mulr_gt0 // ltr0n.
have h1' := ltW h1; have h2' := ltW h2; have h3' := ltW h3.
rewrite -subr_ge0; have -> : 2%:R * (B / M) - 2%:R * B * (M - B) / (M * (M - 1)) =
  2%:R * B * (B - 1) / M / (M - 1) by field; rewrite !gt_eqF.
by positive.
Qed.

Lemma mean_hit1' (i : 'I_m) : mean (fun o : batch => hit i o) = in_batch R m b.
Proof. exact: (mean_hit1 R (ltnW bm) m_big i). Qed.

(** The chance that a batch has exactly one of two points. *)
Lemma shareE (l j : 'I_m) : l != j -> share R b l j = split_pair R m b.
Proof.
move=> lj; have h1 := m_pos; have h2 := m1_pos.
have -> : share R b l j = mean (fun o : batch => (hit l o + hit j o)
  + (- 2%:R) * (hit l o * hit j o)).
  rewrite /share /mean -sum1_card natr_sum [in LHS]big_mkcond /=; congr (_ / _).
  apply: eq_bigr => o _; rewrite inE /Noise.hit.
  by case: (l \in val o); case: (j \in val o) => /=; ring.
rewrite !mean_add mean_scale !mean_hit1' (mean_hit2 R (ltnW bm) m_big lj) /split_pair /in_batch.
by move: (m%:R : R) (b%:R : R) h1 h2 => M B h1 h2; field; rewrite !gt_eqF.
Qed.

(** The chance that it has l and not j. *)
Lemma mean_hit_not (l j : 'I_m) (t : R) : l != j ->
  mean (fun o : batch => hit l o * (t + (1 - t) * hit j o)) =
  in_batch R m b * ((b%:R - 1 + (m%:R - b%:R) * t) / (m%:R - 1)).
Proof.
move=> lj; have h1 := m_pos; have h2 := m1_pos.
have -> : mean (fun o : batch => hit l o * (t + (1 - t) * hit j o)) =
   mean (fun o : batch => t * hit l o + (1 - t) * (hit l o * hit j o)).
  by rewrite /mean; congr (_ / _); apply: eq_bigr => o _; ring.
rewrite mean_add !mean_scale mean_hit1' (mean_hit2 R (ltnW bm) m_big lj) /in_batch.
by move: (m%:R : R) (b%:R : R) h1 h2 => M B h1 h2; field; rewrite !gt_eqF.
Qed.
End Chances.

Section Sharper.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation d := (drift_rate m b eta).
Local Notation p := (in_batch R m b).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let bm' : (b <= m)%N. Proof. exact: ltnW. Qed.
Let al_gt0 : 0 < al. Proof. exact: al_pos. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.

Lemma drift_gt0 : 0 < d.
Proof.
have [s0 _] := split_bounds R b0 bm; rewrite /drift_rate /point_rate.
by rewrite mulr_gt0 // mulr_gt0 ?exprn_gt0 // divr_gt0 // ltr0n.
Qed.

(** d <= p alpha / 100. *)
Lemma drift_le_hit : d <= p * al / 100%:R.
Proof.
have [s0 s1] := split_bounds R b0 bm; have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have h1 : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have s1' : 0 <= 2%:R * p - split_pair R m b by rewrite subr_ge0.
rewrite /drift_rate /point_rate.
move: (eta / b%:R) (split_pair R m b) p al_ge0 h1 s1' p0' => A s p' h h1 s1' p0'.
cert (19%:R / 4000%:R * A ^+ 2 * (2%:R * p' - s) + 19%:R / 2000%:R * A * (5%:R^-1 - A) * p'
  + p' * A * (81%:R / 10000%:R)).
Qed.

Lemma drift_le : d <= 1 / 100%:R.
Proof.
have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have h1 : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
apply: le_trans drift_le_hit _.
move: (eta / b%:R) p al_ge0 h1 p0' p1' => A p' h h1 p0' p1'.
by cert ((5%:R^-1 - A) * p' / 100%:R + (1 - p') / 500%:R + 4%:R / 500%:R).
Qed.

(** ** The functional *)
Local Notation value := (weighed kind a d).

Lemma spread_drift_sharp l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w ->
  others l w <= 1 / 10%:R -> mean (fun o : batch => spread l (sgd o w)) <= (1 - d) * spread l w.
Proof.
move=> N1 C1 far; rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
have lj : l != j by rewrite eq_sym.
apply: le_trans (far_out_drift a_orth eta_ge0 al1 bm' j N1 C1 far) _.
have dE : kappa b eta * split_pair R m b = d.
  by rewrite /drift_rate /point_rate /kappa [_ * (19%:R / 4000%:R)]mulrC.
by rewrite (shareE R b0 bm lj) dE lexx.
Qed.

Lemma miss_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> others l w <= 1 / 10%:R ->
  mean (fun o : batch => miss (sgd o w)) <= miss w + al * others l w - al / 4%:R * miss w * p.
Proof.
move=> N1 C1 far; have batch0 := some_batches bm.
pose Z := miss w + al * others l w; pose Y := - (al / 4%:R * miss w).
have -> : miss w + al * others l w - al / 4%:R * miss w * p = Z + Y * p by rewrite /Y mulNr.
have -> : Z + Y * p = mean (fun o : batch => Z + Y * Noise.hit R l o).
  by rewrite mean_add mean_scale (mean_hit1' R b0 bm) (Noise.mean_const bm').
apply: ler_mean => // o; rewrite /Noise.hit /Y /Z; case: (boolP (l \in val o)) => lo.
  apply: le_trans (miss_in a_orth eta_ge0 al1 N1 C1 far lo) _.
  have -> : (true%:R : R) = 1 by [].
  by move: (eta / b%:R) => A; cert (0 : R).
apply: le_trans (miss_out a_orth eta_ge0 al1 N1 C1 far lo) _.
by rewrite mulr0 addr0 lexx.
Qed.

Lemma value_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> lead l w ->
  spread l w <= 1 / 2%:R ->
  mean (fun o : batch => value l (sgd o w)) <= (1 - settle_rate m b eta) * value l w.
Proof.
move=> N1 C1 lw sm; have far := others_far a_orth N1 lw sm; have E1 := others_le a_orth N1 lw sm.
rewrite /weighed mean_add mean_scale.
have S := spread_drift_sharp N1 C1 far; have M := miss_drift N1 C1 far.
move: (mean _) (mean _) S M => MM MS S M.
have y0 := spread_ge0 kind a l w; have z0 := miss_ge0 kind a_orth w.
have d0 := ltW drift_gt0; have dp := drift_le_hit; have h := al_ge0; have a1 := al1.
rewrite /settle_rate; move: (eta / b%:R) d p (spread l w) (miss w) (others l w) y0 z0 d0 dp h a1
  S M E1.
move=> A k s Y Z E y0 z0 k0 ks h a1 S M E1.
have a1' : 0 <= 5%:R^-1 - A by rewrite subr_ge0.
have ks' : 0 <= s * A / 100%:R - k by rewrite subr_ge0.
cert (((1 - k) * Y - MS) + k * ((Z + A * E - A / 4%:R * Z * s) - MM)
  + k * A * (21%:R / 160%:R * Y - E) + k * Y * (21%:R / 160%:R * (5%:R^-1 - A) + 19%:R / 800%:R)
  + 25%:R * k * Z * (s * A / 100%:R - k) + 481%:R / 20%:R * k ^+ 2 * Z).
Qed.

(** ** With the strongest point as leader *)
Variable i0 : 'I_m.
Local Notation leader := (leader kind a i0).
Definition distance : 'rV[R]_n -> R := functional kind a i0 d.

Lemma distance_ge0 w : 0 <= distance w. Proof. exact: functional_ge0 drift_gt0 w. Qed.

Theorem distance_contracts w : N w <= 21%:R / 20%:R -> distance w <= 1 / 2%:R ->
  mean (fun o : batch => distance (sgd o w)) <= (1 - settle_rate m b eta) * distance w.
Proof.
move=> N1 small; have [C1 lw fE sm] := functional_small a_orth drift_gt0 small.
rewrite [X in _ * X]fE.
apply: le_trans (value_drift N1 C1 lw sm).
apply: ler_mean => [|o]; first exact: some_batches.
apply: functional_le; first by apply: sgd_level => //; exact: lexx.
exact: sgd_lead.
Qed.
End Sharper.
