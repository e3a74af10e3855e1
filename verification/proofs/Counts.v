(** The number of batches that have the leader is binomial: the induction over the steps that turns
    the two average factors of [Climb] into the sum of [capture_chance]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Noise Geometric Sharper Climb Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Binomial.
Variable R : realFieldType.
Implicit Types (x y : R) (f : nat -> R).

Definition binomial_sum x y T f : R := \sum_(k < T.+1) 'C(T, k)%:R * x ^+ k * y ^+ (T - k) * f k.

Lemma binomial_sum0 x y f : binomial_sum x y 0 f = f 0%N.
Proof. by rewrite /binomial_sum big_ord1 bin0 !expr0 !mul1r. Qed.

(** The first trial succeeds or not. *)
Lemma binomial_sumS x y T f :
  binomial_sum x y T.+1 f = x * binomial_sum x y T (fun k => f k.+1) + y * binomial_sum x y T f.
Proof.
rewrite /binomial_sum big_ord_recl bin0 expr0 !mul1r subn0 /=.
rewrite (eq_bigr (fun k : 'I_T.+1 => x * ('C(T, k)%:R * x ^+ k * y ^+ (T - k) * f k.+1) +
   'C(T, k.+1)%:R * x ^+ k.+1 * y ^+ (T - k) * f k.+1)); last first.
  by move=> k _; rewrite /bump leq0n add1n binS natrD subSS exprS; ring.
rewrite big_split /= -mulr_sumr addrCA; congr (_ + _).
rewrite [X in _ + X]big_ord_recr /= bin_small // !mul0r addr0.
rewrite [in RHS]big_ord_recl /= bin0 expr0 !mul1r subn0 mulrDr exprS mulrA; congr (_ + _).
rewrite mulr_sumr; apply: eq_bigr => k _ /=; rewrite /bump leq0n add1n.
have -> : (T - k = (T - k.+1).+1)%N by rewrite subnS prednK // subn_gt0.
by rewrite [y ^+ _.+1]exprS; ring.
Qed.

Lemma binomial_sum_ge0 x y T f : 0 <= x -> 0 <= y -> (forall k, 0 <= f k) -> 0 <= binomial_sum x y T f.
Proof.
move=> x0 y0 f0; apply: sumr_ge0 => k _.
by rewrite mulr_ge0 // mulr_ge0 ?exprn_ge0 // mulr_ge0 ?ler0n ?exprn_ge0.
Qed.
End Binomial.

Section Counts.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation d := (drift_rate m b eta).
Local Notation p := (in_batch R m b).
Local Notation rin := (with_leader m b eta).
Local Notation rout := (without_leader m b eta).
Variable i0 : 'I_m.
Local Notation distance := (distance b kind a eta i0).
Local Notation U := (U distance (1 / 2%:R)).
Let batch0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches. Qed.
Let bm' : (b <= m)%N. Proof. exact: ltnW. Qed.

(** The mean of min(distance, 1/2) after T steps, counting only the runs in which the number k of
    batches with l has w k. *)
Lemma climb T l (w : nat -> bool) (v : 'rV[R]_n) : N v <= 21%:R / 20%:R -> lead l v ->
  9%:R / 10%:R <= C v ->
  mean_after sgd T U v <= 1 / 2%:R - (1 / 2%:R - d) * binomial_sum p (1 - p) T (fun k => (w k)%:R) +
    spread l v * binomial_sum (p * rin) ((1 - p) * rout) T (fun k => (w k)%:R).
Proof.
have [r0 _] := rin_bounds eta0 al1 b0 bm; have r1 := rout_ge0 eta0 al1 b0 bm.
have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
elim: T w v => [|T IH] w v N1 lv Cv.
  rewrite !binomial_sum0; case: (w 0%N); last first.
    by rewrite (_ : (false%:R : R) = 0) // !mulr0 subr0 addr0; exact: U_le_top.
  rewrite (_ : (true%:R : R) = 1) // !mulr1.
  apply: (@le_trans _ _ (distance v)); first exact: U_le.
  apply: le_trans (distance_le b eta i0 Cv lv) _; rewrite /value.
  have Zv : miss v <= 1 by exact: (miss_le1 a_orth N1 Cv).
  have d0 := ltW (drift_gt0 eta0 b0 bm).
  by move: (miss v) d Zv d0 => Z k Zv k0; cert (k * (1 - Z)).
rewrite [mean_after _ _ _ _]/= !binomial_sumS.
set X1 := binomial_sum p _ T (fun k => (w k.+1)%:R); set X0 := binomial_sum p _ T (fun k => (w k)%:R).
set Y1 := binomial_sum _ _ T (fun k => (w k.+1)%:R); set Y0 := binomial_sum (p * rin) _ T (fun k => (w k)%:R).
have Y1_ge0 : 0 <= Y1 by apply: binomial_sum_ge0 => [||k]; rewrite ?ler0n // mulr_ge0.
have Y0_ge0 : 0 <= Y0 by apply: binomial_sum_ge0 => [||k]; rewrite ?ler0n // mulr_ge0.
have step (o : batch) : mean_after sgd T U (sgd o v) <= (1 / 2%:R - (1 / 2%:R - d) * X0) +
    ((1 / 2%:R - d) * (X0 - X1) * Noise.hit R l o + (Y1 * (Noise.hit R l o * spread l (sgd o v)) +
     Y0 * ((1 - Noise.hit R l o) * spread l (sgd o v)))).
  have [N2 _] := sgd_trap kind a_orth eta0 al1 o N1.
  have next w' := IH w' (sgd o v) N2 (sgd_lead a_orth eta0 al1 o N1 lv)
    (sgd_level a_orth eta0 al1 o N1 (lexx _) Cv).
  rewrite /Noise.hit; case: (boolP (l \in val o)) => lo.
    rewrite (_ : (true%:R : R) = 1) // subrr [0 * _]mul0r mulr0 addr0 [1 * spread _ _]mul1r mulr1.
    apply: le_trans (next (fun k => w k.+1)) _; rewrite -/X1 -/Y1.
    move: (1 / 2%:R - d) (spread _ _) => D S.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
  rewrite (_ : (false%:R : R) = 0) // subr0 [0 * _]mul0r !mulr0 !add0r [1 * spread _ _]mul1r.
  by apply: le_trans (next w) _; rewrite -/X0 -/Y0 [Y0 * _]mulrC lexx.
apply: le_trans (ler_mean batch0 step) _.
rewrite mean_add (Noise.mean_const bm') 2!mean_add !mean_scale (mean_hit1' R b0 bm).
have h1 := spread_in kind a_orth eta0 al1 b0 bm l N1; have h0 := spread_out a_orth eta0 al1 b0 bm l N1 Cv.
move: (mean _) (mean _) h1 h0 => S0 S1 h1 h0.
have h1' : 0 <= p * rin * spread l v - S1 by rewrite subr_ge0.
have h0' : 0 <= (1 - p) * rout * spread l v - S0 by rewrite subr_ge0.
move: (spread l v) p rin rout d Y1_ge0 Y0_ge0 h1' h0' => s p' ri ro k Y1_ge0 Y0_ge0 h1' h0'.
by cert (Y1 * (p' * ri * s - S1) + Y0 * ((1 - p') * ro * s - S0)).
Qed.

Lemma room_ge0 T k : 0 <= room m b eta T k.
Proof. by rewrite /room /=; case: ifP. Qed.

(** With the counts that leave room, and a sum of roots of at most m - 1. *)
Lemma climb_chance T l (v : 'rV[R]_n) : N v <= 21%:R / 20%:R -> lead l v -> 9%:R / 10%:R <= C v ->
  spread l v <= m%:R - 1 -> mean_after sgd T U v <= 1 / 2%:R - capture_chance m b eta T / 2%:R.
Proof.
move=> N1 lv Cv sp.
pose x k := 49%:R / 100%:R - (m%:R - 1) * rin ^+ k * rout ^+ (T - k).
apply: le_trans (climb T (fun k => 0 <= x k) N1 lv Cv) _.
have [r0 _] := rin_bounds eta0 al1 b0 bm; have r1 := rout_ge0 eta0 al1 b0 bm.
have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
have dl := drift_le eta0 al1 b0 bm.
set X := binomial_sum p _ _ _; set Y := binomial_sum _ _ _ _.
have X0 : 0 <= X by apply: binomial_sum_ge0 => // k; exact: ler0n.
have Y0 : 0 <= Y by apply: binomial_sum_ge0 => [||k]; rewrite ?ler0n // mulr_ge0.
have -> : capture_chance m b eta T / 2%:R = 49%:R / 100%:R * X - (m%:R - 1) * Y.
  rewrite /capture_chance mulrAC divff ?pnatr_eq0 // mul1r /X /Y /binomial_sum !mulr_sumr -sumrB.
  apply: eq_bigr => k _; rewrite /room /= -/(x k) [(_ * rin) ^+ _]exprMn [(_ * rout) ^+ _]exprMn.
  case: (0 <= x k); last by rewrite !mulr0 subrr.
  rewrite (_ : (true%:R : R) = 1) // /x; move: (p ^+ k) ((1 - p) ^+ (T - k)) (rin ^+ k) (rout ^+ (T - k)).
  by move: (_%:R : R) (m%:R - 1) => B D P Q I O; ring.
move: (spread l v) d sp dl => s k sp dl.
by cert ((1 / 100%:R - k) * X + (m%:R - 1 - s) * Y).
Qed.

Lemma capture_chance_gt0 T : (m%:R - 1) * rin ^+ T <= 48%:R / 100%:R -> 0 < capture_chance m b eta T.
Proof.
move=> h; have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
rewrite /capture_chance mulr_gt0 ?ltr0n // big_ord_recr /= binn subnn expr0 mulr1 mul1r.
apply: (@lt_le_trans _ _ (p ^+ T * room m b eta T T)); last first.
  rewrite -subr_ge0 addrK; apply: sumr_ge0 => k _.
  by rewrite mulr_ge0 ?room_ge0 // mulr_ge0 ?exprn_ge0 // mulr_ge0 ?ler0n ?exprn_ge0.
rewrite mulr_gt0 ?exprn_gt0 // /room /= subnn expr0 mulr1; move: (_ * _ ^+ T) h => y h.
have y1 : 0 < 49%:R / 100%:R - y.
  apply: (@lt_le_trans _ _ (1 / 100%:R)); first by rewrite divr_gt0 ?ltr01 ?ltr0n.
  by cert (48%:R / 100%:R - y).
by rewrite (ltW y1).
Qed.
End Counts.
