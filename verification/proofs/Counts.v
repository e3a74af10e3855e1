(** The number of batches that have the leader is binomial. By induction over the steps the mean of
    min(functional, 1/2) after T steps is at most 1/2 less a binomial mean of positive parts
    max(0, 49/100 - factors * sum of roots). One step: such a positive part of a nonnegative
    quantity X', of which the mean is at most M x and the mean over the batches with the leader at
    most p r x, is on average at least p max(0, h - c r x) + (1 - p) max(0, h - c r' x), where p r
    + (1 - p) r' = M. *)
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

Lemma binomial_weight_ge0 x y T k : 0 <= x -> 0 <= y -> 0 <= 'C(T, k)%:R * x ^+ k * y ^+ (T - k).
Proof. by move=> x0 y0; rewrite mulr_ge0 ?exprn_ge0 // mulr_ge0 ?ler0n ?exprn_ge0. Qed.

Lemma ler_binomial_sum x y T f g : 0 <= x -> 0 <= y -> (forall k, f k <= g k) ->
  binomial_sum x y T f <= binomial_sum x y T g.
Proof.
move=> x0 y0 fg; apply: ler_sum => k _; rewrite -subr_ge0 -mulrBr mulr_ge0 ?subr_ge0 //.
exact: binomial_weight_ge0.
Qed.

Lemma ler_less (h x y : R) : x <= y -> h - y <= h - x.
Proof. by move=> xy; cert (y - x). Qed.

(** Positive part. *)
Definition pos x : R := if 0 <= x then x else 0.

Lemma pos_ge0 x : 0 <= pos x. Proof. by rewrite /pos; case: ifP. Qed.
Lemma pos_ge x : x <= pos x.
Proof. by rewrite /pos; case: (lerP 0 x) => [_|/ltW //]; exact: lexx. Qed.
Lemma pos_le x y : x <= y -> pos x <= pos y.
Proof.
move=> xy; rewrite {1}/pos; case: (lerP 0 x) => x0; last exact: pos_ge0.
exact: le_trans xy (pos_ge y).
Qed.
End Binomial.

(** One step. *)
Section OneStep.
Variables (R : realFieldType) (Om : finType) (hit : Om -> bool) (X : Om -> R) (p r r' M x : R).
Hypotheses (Om0 : (0 < #|Om|)%N) (p_hit : mean (fun o => (hit o)%:R) = p)
  (all : mean X <= M * x) (some : mean (fun o => (hit o)%:R * X o) <= p * r * x)
  (ME : p * r + (1 - p) * r' = M) (rr : r <= r') (x0 : 0 <= x).

Let avg_const (z : R) : mean (fun _ : Om => z) = z. Proof. exact: Capture.mean_const. Qed.

Lemma mean_pos h c : 0 <= c ->
  p * pos (h - c * (r * x)) + (1 - p) * pos (h - c * (r' * x)) <= mean (fun o => pos (h - c * X o)).
Proof.
move=> c0; have rx : h - c * (r' * x) <= h - c * (r * x).
  by have rr' : 0 <= r' - r by [rewrite subr_ge0]; cert (c * ((r' - r) * x)).
have m0 : 0 <= mean (fun o => pos (h - c * X o)).
  by rewrite -[X in X <= _](avg_const 0); apply: ler_mean => // o; exact: pos_ge0.
case: (lerP 0 (h - c * (r' * x))) => [big|neg].
  have -> : pos (h - c * (r' * x)) = h - c * (r' * x) by rewrite /pos big.
  have -> : pos (h - c * (r * x)) = h - c * (r * x) by rewrite /pos (le_trans big rx).
  apply: (@le_trans _ _ (mean (fun o => h + (- c) * X o))); last first.
    by apply: ler_mean => // o; rewrite mulNr; exact: pos_ge.
  rewrite mean_add avg_const mean_scale; move: all; rewrite -ME; move: (mean X) => y y1.
  by cert (c * ((p * r + (1 - p) * r') * x - y)).
have -> : pos (h - c * (r' * x)) = 0 by rewrite /pos leNgt neg.
rewrite mulr0 addr0 {1}/pos; case: (lerP 0 (h - c * (r * x))) => [big|_]; last by rewrite mulr0.
apply: (@le_trans _ _ (mean (fun o => h * (hit o)%:R + (- c) * ((hit o)%:R * X o)))); last first.
  apply: ler_mean => // o; case: (hit o); last first.
    by rewrite (_ : (false%:R : R) = 0) // !mul0r !mulr0 addr0; exact: pos_ge0.
  by rewrite (_ : (true%:R : R) = 1) // mulr1 mul1r mulNr; exact: pos_ge.
rewrite mean_add !mean_scale p_hit; move: (mean _) some => y y1.
by cert (c * (p * r * x - y)).
Qed.
End OneStep.

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
Local Notation leader := (leader kind a i0).
Local Notation distance := (distance b kind a eta i0).
Local Notation U := (U distance (1 / 2%:R)).
Let batch0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches. Qed.
Let bm' : (b <= m)%N. Proof. exact: ltnW. Qed.
Let nine : 0 < 9%:R / 10%:R :> R. Proof. by rewrite divr_gt0 ?ltr0n. Qed.

(** What is missing to 49/100, on average, if the sum of the roots starts at x. *)
Definition gain_from T (x : R) : R := binomial_sum p (1 - p) T
  (fun k => pos (49%:R / 100%:R - rin ^+ k * rout ^+ (T - k) * x)).

Lemma gain_fromS T x : gain_from T.+1 x = binomial_sum p (1 - p) T (fun k =>
  p * pos (49%:R / 100%:R - rin ^+ k * rout ^+ (T - k) * (rin * x)) +
  (1 - p) * pos (49%:R / 100%:R - rin ^+ k * rout ^+ (T - k) * (rout * x))).
Proof.
rewrite /gain_from binomial_sumS /binomial_sum !mulr_sumr -big_split /=; apply: eq_bigr => k _.
rewrite subSS exprS subSn; last by rewrite -ltnS.
rewrite [rout ^+ _.+1]exprS.
have -> : rin * rin ^+ k * rout ^+ (T - k) * x = rin ^+ k * rout ^+ (T - k) * (rin * x) by ring.
have -> : rin ^+ k * (rout * rout ^+ (T - k)) * x = rin ^+ k * rout ^+ (T - k) * (rout * x) by ring.
by move: (pos _) (pos _) => P Q; ring.
Qed.

Lemma climb T (v : 'rV[R]_n) : N v <= 21%:R / 20%:R -> 9%:R / 10%:R <= C v ->
  mean_after sgd T U v <= 1 / 2%:R - gain_from T (spread (leader v) v).
Proof.
have [r0 _] := rin_bounds eta0 al1 b0 bm; have r1 := rout_ge0 eta0 al1 b0 bm.
have [p0 p1] := in_batch_bounds R b0 bm; have p0' := ltW p0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
elim: T v => [|T IH] v N1 Cv; have lv := leader_lead i0 (lt_le_trans nine Cv).
  rewrite /gain_from binomial_sum0 !expr0 !mul1r /pos; case: ifP => _; last first.
    by rewrite subr0; exact: U_le_top.
  apply: (@le_trans _ _ (distance v)); first exact: U_le.
  apply: le_trans (functional_le i0 d Cv lv) _; rewrite /weighed.
  have Zv : miss v <= 1 by exact: (miss_le1 a_orth N1 Cv).
  have d0 := ltW (drift_gt0 eta0 b0 bm); have dl := drift_le eta0 al1 b0 bm.
  move: (miss v) (spread _ _) d Zv d0 dl => Z y k Zv k0 dl.
  by cert (k * (1 - Z) + (1 / 100%:R - k)).
rewrite [mean_after _ _ _ _]/=; set l := leader v in lv *.
apply: (@le_trans _ _ (mean (fun o : batch => 1 / 2%:R
  + (- 1) * gain_from T (spread l (sgd o v))))).
  apply: ler_mean => // o; have [N2 _] := sgd_trap kind a_orth eta0 al1 o N1.
  have Cv2 := sgd_level a_orth eta0 al1 o N1 (lexx _) Cv.
  apply: le_trans (IH _ N2 Cv2) _; rewrite mulN1r; apply: ler_less.
  apply: ler_binomial_sum => // k; apply: pos_le.
  have := spread_leader (sgd_lead a_orth eta0 al1 o N1 lv) (leaderP kind a i0 (sgd o v) l).
  have q0 : 0 <= rin ^+ k * rout ^+ (T - k) by rewrite mulr_ge0 ?exprn_ge0.
  move: (spread _ _) (spread _ _) (rin ^+ k * _) q0 => s s' q q0 ss.
  by cert (q * (s - s')).
rewrite mean_add (Noise.mean_const bm') mean_scale mulN1r; apply: ler_less.
rewrite gain_fromS /gain_from mean_sum; apply: ler_sum => k _; rewrite mean_scale.
have w0 := binomial_weight_ge0 T k p0' p1'; rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
have q0 : 0 <= rin ^+ k * rout ^+ (T - k) by rewrite mulr_ge0 ?exprn_ge0.
apply: (@mean_pos _ _ (fun o : batch => l \in val o) (fun o => spread l (sgd o v)) p rin rout
  (mean_growth m b eta)) => //.
- exact: (mean_hit1' R b0 bm l).
- by apply: spread_mean => // j; exact: leaderP.
- exact: (spread_in kind a_orth eta0 al1 b0 bm l N1).
- exact: grow_split.
- exact: rin_le_rout.
exact: spread_ge0.
Qed.

(** With a sum of roots of at most m - 1. *)
Lemma climb_chance T (v : 'rV[R]_n) : N v <= 21%:R / 20%:R -> 9%:R / 10%:R <= C v ->
  spread (leader v) v <= m%:R - 1 -> mean_after sgd T U v <= 1 / 2%:R - capture_chance m b eta T
    / 2%:R.
Proof.
move=> N1 Cv sp; apply: le_trans (climb T N1 Cv) _.
have [r0 _] := rin_bounds eta0 al1 b0 bm; have r1 := rout_ge0 eta0 al1 b0 bm.
have [p0 p1] := in_batch_bounds R b0 bm; have p1' : 0 <= 1 - p by rewrite subr_ge0.
have -> : capture_chance m b eta T / 2%:R = gain_from T (m%:R - 1).
  rewrite /capture_chance mulrAC divff ?pnatr_eq0 // mul1r; apply: eq_bigr => k _.
  rewrite /room /=; have -> : (m%:R - 1) * rin ^+ k * rout ^+ (T - k) = rin ^+ k * rout ^+ (T -
    k) * (m%:R - 1).
    by rewrite -mulrA mulrC.
  by [].
apply: ler_less; apply: ler_binomial_sum => // [|k]; first exact: ltW.
apply: pos_le; have q0 : 0 <= rin ^+ k * rout ^+ (T - k) by rewrite mulr_ge0 ?exprn_ge0.
by move: (spread _ _) (rin ^+ k * _) q0 sp => s q q0 sp; cert (q * (m%:R - 1 - s)).
Qed.

Lemma room_ge0 T k : 0 <= room m b eta T k.
Proof. by rewrite /room /=; case: ifP. Qed.

Lemma capture_chance_gt0 T : (m%:R - 1) * rin ^+ T <= 48%:R / 100%:R ->
  0 < capture_chance m b eta T.
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
