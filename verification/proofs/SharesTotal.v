(** One step with exchangeable random step sizes, in the form that the proof of convergence uses,
    and the drift of the whole functional: it contracts on average while the sum of the roots is
    at most 1/2. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Shares SharesFarOut SharesDrift Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Total.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).
Variables (eta : R) (Om : finType) (p : Om -> 'I_m -> R).
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1) (pE : shares p).
Variable delta : R.
Hypotheses (delta0 : 0 < delta) (delta1 : delta <= 1)
  (prefer : forall l j, exists o, prefers p delta l j o).
Local Notation next := (shared_step kind a eta p).
Local Notation wlittle := (wlittle eta Om delta).
Local Notation wtotal := (wtotal kind a eta Om delta).
Local Notation wq := (wq eta Om delta).
Local Notation wsigma := (wsigma R Om).

Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let p0 o i : 0 <= p o i. Proof. exact: share_ge0. Qed.
Let p1 o i : p o i <= 1. Proof. exact: share_le1. Qed.

Variable i0 : 'I_m.
Lemma Om0 : (0 < #|Om|)%N. Proof. exact: some_outcome prefer i0. Qed.

Lemma wsigma_bounds : 0 < wsigma /\ wsigma <= 1.
Proof.
split; first by rewrite invr_gt0 ltr0n Om0.
by rewrite invf_le1 ?ler1n ?ltr0n Om0.
Qed.

Lemma wlittle_bounds : 0 < wlittle /\ wlittle <= 1 / 100%:R.
Proof.
have [s0 s1] := wsigma_bounds; split.
  have f0 : 0 < 19%:R / 4000%:R :> R by rewrite divr_gt0 ?ltr0n.
  by apply: mulr_gt0 => //; apply: mulr_gt0; [apply: mulr_gt0 | ]; rewrite ?exprn_gt0.
have s0' := ltW s0; have e1 : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
have d0 := ltW delta0; have d1 : 0 <= 1 - delta by rewrite subr_ge0.
have h := eta_ge0; rewrite /SharesDrift.wlittle /wkappa; move: wsigma s0' s1 => s s0' s1.
cert (eta ^+ 2 * (19%:R / 4000%:R) * (delta ^+ 2 * (1 - s) + (1 - delta) * (1 + delta))
  + (5%:R^-1 - eta) * (5%:R^-1 + eta) * (19%:R / 4000%:R) + 981%:R / (1000%:R * 100%:R)).
Qed.

(** The share of the outcomes that prefer the leader, times their preference. *)
Lemma rate_bounds : 0 < delta * wsigma /\ delta * wsigma <= 1.
Proof.
have [s0 s1] := wsigma_bounds; split; first by rewrite mulr_gt0.
have s0' := ltW s0; by cert ((1 - delta) * wsigma + (1 - wsigma)).
Qed.

Lemma wq_bounds : 0 <= wq /\ wq < 1.
Proof.
have [l0 l1] := wlittle_bounds; have [s0 s1] := rate_bounds; have e1 := eta1; split; last first.
  by rewrite /SharesDrift.wq -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n // mulr_gt0 // mulr_gt0.
have l0' := ltW l0; have s0' := ltW s0; have h := eta_ge0.
rewrite /SharesDrift.wq; move: wlittle (delta * wsigma) l0' s0' l1 s1 => k s l0' s0' l1 s1.
have l1' : 0 <= 1 / 100%:R - k by rewrite subr_ge0.
have s1' : 0 <= 1 - s by rewrite subr_ge0.
have e1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
have -> : 1 - k * s * eta / 5%:R = k * s * (5%:R^-1 - eta) / 5%:R + k * (1 - s) / 25%:R
  + (1 / 100%:R - k) / 25%:R + 2499%:R / 2500%:R by field.
by positive.
Qed.

(** ** One step *)
Lemma next_trap o v : N v <= 21%:R / 20%:R ->
  N (next o v) <= 21%:R / 20%:R /\ forall j, Num.sg (c (next o v) j) = Num.sg (c v j).
Proof.
move=> N1; split; first by have [] := wtrap_scalar kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1.
by move=> j; exact: (weighted_sign kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1).
Qed.

Lemma next_level o v l : N v <= 21%:R / 20%:R -> l <= 9%:R / 10%:R -> l <= C v -> l <= C (next o v).
Proof. by move=> N1; exact: (weighted_level a_orth (p0 o) (p1 o) eta_ge0 eta1 N1). Qed.

Lemma next_lead o v l : N v <= 21%:R / 20%:R -> lead l v -> lead l (next o v).
Proof.
move=> N1; rewrite /Assemble.lead (next_phi kind a_orth eta0 eta1 pE N1) mulf_eq0 negb_or => ->.
by rewrite gt_eqF ?(f_gt0 kind a_orth eta0 eta1 pE N1).
Qed.

Lemma wspread_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> others l w <= 1 / 10%:R ->
  mean (fun o => spread l (next o w)) <= (1 - wlittle) * spread l w.
Proof.
move=> N1 C1 far; rewrite mean_sum /Assemble.spread mulr_sumr; apply: ler_sum => j jl.
by apply: (root_drift a_orth eta0 eta1 pE delta0 prefer N1 C1 far); rewrite eq_sym.
Qed.

Lemma wtotal_drift l w : N w <= 21%:R / 20%:R -> 9%:R / 10%:R <= C w -> lead l w ->
  spread l w <= 1 / 2%:R -> mean (fun o => wtotal l (next o w)) <= wq * wtotal l w.
Proof.
move=> N1 C1 lw sm; have far := others_far a_orth N1 lw sm; have E1 := others_le a_orth N1 lw sm.
rewrite /SharesDrift.wtotal mean_add mean_scale.
have S := wspread_drift N1 C1 far.
have [o0 [lo0 _ _]] := prefer l l.
have z0 := miss_ge0 kind a_orth w.
have M : mean (fun o => miss (next o w)) <=
    miss w + eta * others l w - eta / 5%:R * miss w * (delta * wsigma).
  have -> : eta / 5%:R * miss w * (delta * wsigma) = eta / 5%:R * delta * miss w / #|Om|%:R.
    by rewrite /SharesDrift.wsigma; ring.
  have h := eta_ge0; apply: (mean_hit Om0 (o0 := o0)) => [o|];
    apply: le_trans (miss_step a_orth eta0 eta1 pE N1 l C1 _) _.
    have S0 := first_ge0 kind a w (p0 o).
    by move: (first_moment _ _ _ _) S0 => S' S0; cert (eta / 4%:R * S' * miss w).
  have el : 0 <= phi (c w l) ^+ 2 - 4%:R / 5%:R.
    have CE := energy_others kind a l w;
      have -> : phi (c w l) ^+ 2 = C w - others l w by rewrite CE addrK.
    by rewrite subr_ge0; cert ((C w - 9%:R / 10%:R) + (1 / 10%:R - others l w)).
  have S1 : p o0 l * phi (c w l) ^+ 2 <= first_moment kind a (p o0) w.
    rewrite /first_moment (bigD1 l) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => i _.
    by rewrite mulr_ge0 ?p0 ?sqr_ge0.
  have d0 := ltW delta0;
    move: (first_moment _ _ _ _) (phi _ ^+ 2) (p o0 l) el S1 lo0 => S' e y el S1 lo0.
  by cert (eta / 4%:R * (S' - y * e + (y - delta) * (e - 4%:R / 5%:R) + 4%:R / 5%:R * (y - delta)
    + delta * (e - 4%:R / 5%:R)) * miss w).
move: (mean _) (mean _) S M => MM MS S M.
have y0 := spread_ge0 kind a l w.
have [l0 l1] := wlittle_bounds; have [s0 s1] := rate_bounds; have h := eta_ge0; have a1 := eta1.
have {l0} l0 := ltW l0; have {s0} s0 := ltW s0.
rewrite /SharesDrift.wq;
  move: wlittle (delta * wsigma) (spread l w) (miss w) (others l w) y0 z0 l0 s0 l1 s1 S M E1.
move=> k s Y Z E y0 z0 l0 s0 l1 s1 S M E1.
have l1' : 0 <= 1 / 100%:R - k by rewrite subr_ge0.
have s1' : 0 <= 1 - s by rewrite subr_ge0.
have a1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
cert (((1 - k) * Y - MS) + k * ((Z + eta * E - eta / 5%:R * Z * s) - MM)
  + k * eta * (21%:R / 160%:R * Y - E)
  + k * s * eta / 5%:R * Z * ((1 / 100%:R - k) + 99%:R / 100%:R)
  + k * Y * (21%:R / 160%:R * (5%:R^-1 - eta) + (1 - s) / 5%:R * eta + (5%:R^-1 - eta) / 5%:R
  + 747%:R / 800%:R)).
Qed.
End Total.
