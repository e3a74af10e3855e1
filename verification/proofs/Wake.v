(** The energy C reaches 9/10. As long as it is below, (19/20 - C)/C shrinks on average by
    [wake_factor], whatever the batches: a batch of energy S raises C to at least
    C + 2 alpha S (19/20 - C), and S is b/m of C on average. Where C < 9/10 that ratio is above
    1/18. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Noise Geometric Sharper Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Wake.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation p := (in_batch R m b).
Local Notation omega := (wake_factor m b eta).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al_gt0 : 0 < al. Proof. exact: al_pos. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.
Let batch0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches. Qed.

Definition asleep w : R := if 9%:R / 10%:R <= C w then 0 else (19%:R / 20%:R - C w) / C w.
Definition pull : R := 19%:R / 10%:R * al / (1 + 19%:R / 10%:R * al).

Lemma pull_bounds : 0 <= pull /\ pull <= 1.
Proof.
have h := al_ge0; rewrite /pull; move: (eta / b%:R) h => A h.
have x0 : 0 <= 19%:R / 10%:R * A by positive.
move: (19%:R / 10%:R * A) x0 => x x0; have d0 : 0 < 1 + x by apply: (lt_le_trans ltr01); cert x.
have di : 0 <= (1 + x)^-1 by rewrite invr_ge0 ltW.
split; first by positive.
rewrite -subr_ge0; have -> : 1 - x / (1 + x) = (1 + x)^-1 by field; rewrite gt_eqF.
by [].
Qed.

Lemma omega_bounds : 0 <= omega /\ omega < 1.
Proof.
have [u0 u1] := pull_bounds; have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have oE : omega = 1 - p * pull by [].
rewrite oE; split.
  by move: pull p u0 u1 p0' p1 => u s u0 u1 s0 s1; cert ((1 - s) + s * (1 - u)).
rewrite -subr_gt0 opprB addrC subrK mulr_gt0 // /pull.
have d0 : 0 < 1 + 19%:R / 10%:R * al.
  apply: (lt_le_trans ltr01); have h := al_ge0; move: (eta / b%:R) h => A h.
  by cert (19%:R / 10%:R * A).
by rewrite divr_gt0 // mulr_gt0 // divr_gt0 ?ltr0n.
Qed.

Lemma asleep_ge0 w : 0 < C w -> 0 <= asleep w.
Proof.
move=> C0; rewrite /asleep; case: (lerP (9%:R / 10%:R) (C w)) => [_|/ltW small]; first exact: lexx.
have Ci : 0 <= (C w)^-1 by rewrite invr_ge0 ltW.
have h : 0 <= 19%:R / 20%:R - C w.
  by cert ((9%:R / 10%:R - C w) + 1 / 20%:R).
by positive.
Qed.

Lemma asleep_big w : 0 < C w -> C w < 9%:R / 10%:R -> 1 <= 18%:R * asleep w.
Proof.
move=> C0 small; rewrite /asleep (leNgt _ (C w)) small /=; move: (C w) C0 small => x x0 /ltW small.
rewrite -subr_ge0; have -> : 18%:R * ((19%:R / 20%:R - x) / x) - 1 = 19%:R * (9%:R / 10%:R - x) / x.
  by field; rewrite gt_eqF.
apply: mulr_ge0; last by rewrite invr_ge0 ltW.
by rewrite mulr_ge0 ?ler0n // subr_ge0.
Qed.

(** One batch. *)
Lemma asleep_step (o : batch) w : N w <= 21%:R / 20%:R -> 0 < C w -> C w < 9%:R / 10%:R ->
  asleep (sgd o w) <= asleep w - pull * asleep w / C w * batch_energy kind a (val o) w.
Proof.
move=> N1 C0 small; have small' := ltW small.
have SC : batch_energy kind a (val o) w <= C w by exact: batch_energy_le_energy.
have S0 := batch_energy_ge0 kind a (val o) w; have CN := energy_le kind a_orth w.
have gain : C w + 2%:R * al * batch_energy kind a (val o) w * (19%:R / 20%:R - C w) <= C (sgd o w).
  rewrite sgd_energy //; move: (batch_energy kind a (val o) w) (C w) (N w) SC S0 N1 => S E N' SC
    S0 N1.
  move: (eta / b%:R) al_ge0 => A h.
  by cert (A * S * A * ((2%:R - N' - S) ^+ 2 + S * (E - S)) + 2%:R * A * S * (21%:R / 20%:R - N')).
have [u0 u1] := pull_bounds; have A0 := asleep_ge0 C0.
have Ci : 0 <= (C w)^-1 by rewrite invr_ge0 ltW.
have SC' : 0 <= C w - batch_energy kind a (val o) w by rewrite subr_ge0.
have rhs : 0 <= asleep w - pull * asleep w / C w * batch_energy kind a (val o) w.
  have -> : asleep w - pull * asleep w / C w * batch_energy kind a (val o) w =
    asleep w * (1 - pull) + asleep w * pull * (C w - batch_energy kind a (val o) w) / C w.
    by move: (asleep w) => W; field; rewrite gt_eqF.
  have u1' : 0 <= 1 - pull by rewrite subr_ge0.
  by positive.
rewrite {1}/asleep; case: (lerP (9%:R / 10%:R) (C (sgd o w))) => [_|small2] //.
rewrite /asleep (leNgt _ (C w)) small /=.
have h2 : 0 <= 2%:R * al by rewrite mulr_ge0 ?ler0n.
have vE : 19%:R / 10%:R * al = 2%:R * al * (19%:R / 20%:R).
  by move: (eta / b%:R) => A; field.
rewrite /pull vE; move: gain small'; move: (2%:R * al) h2 => k k0.
have e0 : 0 < 19%:R / 20%:R :> R by rewrite divr_gt0 ?ltr0n.
have eD : 9%:R / 10%:R <= 19%:R / 20%:R :> R by cert (1 / 20%:R : R).
move: (C (sgd o w)) (batch_energy kind a (val o) w) (C w) (19%:R / 20%:R) C0 Ci S0 SC' e0 eD.
move=> x' S x e x0 xi S0 SC' e0 eD gain x1.
have D0 : 0 <= e - x by rewrite subr_ge0; exact: le_trans eD.
pose y := x + k * S * (e - x); have e0' := ltW e0; have x0' := ltW x0.
have xy : x <= y by rewrite /y; cert (k * S * (e - x)).
have y0 : 0 < y := lt_le_trans x0 xy; have x'0 : 0 < x' := lt_le_trans y0 gain.
have d1 : 0 < 1 + k * e by apply: (lt_le_trans ltr01); cert (k * e).
have inv := inv_le y0 gain.
have E : (e - x) / x - k * e / (1 + k * e) * ((e - x) / x) / x * S - (e / y - 1) =
  S * (e - x) * k * (k * e) * (e * (x - S) + S * x) / (1 + k * e) / x / x / y.
  by move: y0; rewrite /y => y0; field; rewrite !gt_eqF.
have F : (e - x') / x' = e / x' - 1 by field; rewrite gt_eqF.
rewrite F; apply: (@le_trans _ _ (e / y - 1)); first by cert (e * (y^-1 - x'^-1)).
have di : 0 <= (1 + k * e)^-1 by rewrite invr_ge0 ltW.
have yi : 0 <= y^-1 by rewrite invr_ge0 ltW.
by rewrite -subr_ge0 E; positive.
Qed.

(** All batches. *)
Lemma mean_energy w : mean (fun o : batch => batch_energy kind a (val o) w) = p * C w.
Proof.
have -> : mean (fun o : batch => batch_energy kind a (val o) w) =
    mean (fun o : batch => \sum_i phi (c w i) ^+ 2 * Noise.hit R i o).
  rewrite /mean; congr (_ / _); apply: eq_bigr => o _; rewrite /batch_energy big_mkcond /=.
  by apply: eq_bigr => i _; rewrite /Noise.hit; case: (i \in val o); rewrite ?mulr1 ?mulr0.
rewrite mean_sum /energy mulr_sumr; apply: eq_bigr => i _.
by rewrite mean_scale (mean_hit1' R b0 bm) mulrC.
Qed.

Lemma asleep_drift w : N w <= 21%:R / 20%:R -> 0 < C w ->
  mean (fun o : batch => asleep (sgd o w)) <= omega * asleep w.
Proof.
move=> N1 C0; case: (lerP (9%:R / 10%:R) (C w)) => [big|small].
  have aw : asleep w = 0 by rewrite /asleep big.
  rewrite aw mulr0 -(Noise.mean_const (ltnW bm) 0); apply: ler_mean => // o.
  by rewrite /asleep (sgd_level a_orth eta0 al1 o N1 (lexx _) big) lexx.
apply: (@le_trans _ _ (mean (fun o : batch => asleep w + (- (pull * asleep w / C w)) *
  batch_energy kind a (val o) w))).
  by apply: ler_mean => // o; rewrite mulNr; exact: asleep_step.
rewrite mean_add mean_scale mean_energy (Noise.mean_const (ltnW bm)).
have -> : asleep w + - (pull * asleep w / C w) * (p * C w) = omega * asleep w.
  have oE : omega = 1 - p * pull by [].
  by rewrite oE; move: (asleep w) pull p => W u s; field; rewrite gt_eqF.
exact: lexx.
Qed.

(** ** What holds from C >= 9/10 on holds after k steps, but for the chance of being asleep *)
Variables (inv : 'rV[R]_n -> Prop).
Hypotheses (inv_next : forall (o : batch) w, inv w -> inv (sgd o w))
  (inv_N : forall w, inv w -> N w <= 21%:R / 20%:R /\ 0 < C w).

Lemma mean_asleep k w : inv w -> mean_after sgd k asleep w <= omega ^+ k * asleep w.
Proof.
have [o0 o1] := omega_bounds.
elim: k w => [|k IH] w iw; first by rewrite expr0 mul1r lexx.
have [N1 C0] := inv_N iw; rewrite /= exprSr -mulrA.
apply: (@le_trans _ _ (mean (fun o : batch => omega ^+ k * asleep (sgd o w)))).
  by apply: ler_mean => // o; exact: IH (inv_next o iw).
rewrite mean_scale -subr_ge0 -mulrBr mulr_ge0 ?exprn_ge0 // subr_ge0; exact: asleep_drift.
Qed.

Lemma asleep_then_mean (F : 'rV[R]_n -> R) (q top x : R) (T1 T k : nat) w : 0 <= x ->
  (forall v, inv v -> 9%:R / 10%:R <= C v -> chance R (T1
    + T) (crosses_after sgd F q T1 top v) <= x) ->
  inv w -> chance R (k + (T1 + T)) (crosses_after sgd F q (k + T1) top w) <=
    x + 18%:R * mean_after sgd k asleep w.
Proof.
move=> x0 awake; elim: k w => [|k IH] w iw.
  have [N1 C0] := inv_N iw; have a0 := asleep_ge0 C0.
  rewrite !add0n /=; case: (lerP (9%:R / 10%:R) (C w)) => [big|small].
    by apply: le_trans (awake w iw big) _; cert (18%:R * asleep w).
  apply: (@le_trans _ _ 1); first exact: chance_le1.
  by have h := asleep_big C0 small; cert ((18%:R * asleep w - 1) + x).
rewrite !addSn chanceS //.
apply: (@le_trans _ _ (mean (fun o : batch => x + 18%:R * mean_after sgd k asleep (sgd o w)))).
  by apply: ler_mean => // o; exact: IH (inv_next o iw).
by rewrite mean_add mean_scale (Noise.mean_const (ltnW bm)) lexx.
Qed.

Lemma asleep_then (F : 'rV[R]_n -> R) (q top x : R) (T1 T k : nat) w : 0 <= x ->
  (forall v, inv v -> 9%:R / 10%:R <= C v -> chance R (T1
    + T) (crosses_after sgd F q T1 top v) <= x) ->
  inv w -> chance R (k + (T1 + T)) (crosses_after sgd F q (k + T1) top w) <=
    x + 18%:R * (omega ^+ k * asleep w).
Proof.
move=> x0 awake iw; apply: le_trans (asleep_then_mean k x0 awake iw) _.
by have h := mean_asleep k iw; cert (18%:R * (omega ^+ k * asleep w - mean_after sgd k asleep w)).
Qed.
End Wake.
