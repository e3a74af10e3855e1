(** * The theorems, each a named statement

    A statement is closed: everything that it speaks of is quantified in it or defined in
    [Definitions]. [kind] is the activation, linear or ReLU: a statement that does not fix it holds
    for both. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Programs Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The landscape *)

(** The closed form of the gradient of one sample's loss is its gradient, at every w, also where
    ReLU has its kink. *)
Definition sample_gradient_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i w,
  orthonormal a ->
  is_gradient (sample_loss kind a i) w (sample_gradient kind a i w).

(** The same for the loss. *)
Definition gradient_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  is_gradient (loss kind a) w (gradient kind a w).

(** The loss depends on two numbers only, N = |w|^2 and the energy C:
    L = 1/2 + (N - 2) C / (2m). *)
Definition loss_closed : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  loss kind a w = 2%:R^-1 + (sqnorm w - 2%:R) * energy kind a w / (2%:R * m%:R).

(** The loss is 1/2 - 1/(2m), the least one, plus ((1 - C)^2 + C rest) / (2m), where rest = N - C is
    not negative. *)
Definition gap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  loss kind a w - min_loss R m =
    ((1 - energy kind a w) ^+ 2 + energy kind a w * rest kind a w) / (2%:R * m%:R)
  /\ 0 <= energy kind a w /\ 0 <= rest kind a w.

(** No loss is below 1/2 - 1/(2m), and every data point attains it. *)
Definition global_minimum : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n),
  orthonormal a -> (0 < m)%N ->
  (forall w, min_loss R m <= loss kind a w) /\ (forall i, loss kind a (a i) = min_loss R m).

(** The global minima are exactly the unit vectors that are their own active part: for the linear
    neuron the unit vectors of the span of the data, for ReLU those that are combinations of data
    points with no negative coefficient. *)
Definition minima : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  (loss kind a w = min_loss R m <-> sqnorm w = 1 /\ w = active_part kind a w).

(** In terms of combinations. Linear neuron: the global minima are the combinations of data points
    whose squared coefficients add up to 1. *)
Definition minima_linear : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  (loss Linear a w = min_loss R m <->
   exists2 k : 'I_m -> R, w = \sum_i k i *: a i & \sum_i k i ^+ 2 = 1).

(** ReLU: they are the combinations with coefficients of at least 0 whose squares add up to 1. *)
Definition minima_relu : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  (loss Relu a w = min_loss R m <->
   exists k : 'I_m -> R,
     [/\ forall i, 0 <= k i, w = \sum_i k i *: a i & \sum_i k i ^+ 2 = 1]).

(** The loss is not convex: at 0 it is above the mean of its values at a data point and at its
    negative, by 1/(2m) for the linear neuron and by 1/(4m) for ReLU. *)
Definition not_convex : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i,
  orthonormal a ->
  loss kind a 0 - (loss kind a (a i) + loss kind a (- a i)) / 2%:R =
    if kind is Relu then (4%:R * m%:R)^-1 else (2%:R * m%:R)^-1.

(** At a data point and, for the linear neuron, at its negative the gradient of every single
    sample's loss is 0. *)
Definition noise_vanishes : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i j,
  orthonormal a ->
  sample_gradient kind a j (a i) = 0 /\ sample_gradient kind a j (- a i) = 0.

(** ** Critical points, and their kinds *)

(** The loss is differentiable everywhere, and w is critical exactly if the closed form [gradient]
    vanishes at w. *)
Definition critical_gradient : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, critical (loss kind a) w <-> gradient kind a w = 0.

(** All critical points: those where no point of the data is active (linear: w orthogonal to all
    a_i; ReLU: no <w, a_i> positive), and the global minima. There are no others, in particular no
    saddles where some points are active. *)
Definition critical_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, critical (loss kind a) w <-> silent kind a w \/ loss kind a w = min_loss R m.

(** The loss has two critical values: 1/2 where no point is active, and the minimum, which is
    smaller. *)
Definition critical_values : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  min_loss R m < 2%:R^-1 /\ forall w, silent kind a w -> loss kind a w = 2%:R^-1.

(** All local minima: the global ones; ReLU: the dead neurons, with <w, a_i> < 0 for all i; and,
    for both activations, the w with |w|^2 > 2 at which no point is active. The last two kinds are
    bad: their loss is 1/2. *)
Definition local_minima : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, local_min (loss kind a) w <->
    [\/ loss kind a w = min_loss R m, dead kind a w | silent kind a w /\ 2%:R < sqnorm w].

(** All local maxima: the dead neurons (ReLU), and the w with |w|^2 < 2 at which no point is
    active. *)
Definition local_maxima : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, local_max (loss kind a) w <-> dead kind a w \/ silent kind a w /\ sqnorm w < 2%:R.

(** All saddles: the w with |w|^2 = 2 at which no point is active, except dead neurons: some <w,
    a_i> is 0 (linear: all are). *)
Definition saddle_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, saddle (loss kind a) w <->
    [/\ silent kind a w, exists i, corr a w i = 0 & sqnorm w = 2%:R].

(** The loss is constant near w exactly for dead neurons. (A linear neuron has no such w.) *)
Definition flat_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, locally_constant (loss kind a) w <-> dead kind a w.

(** No local minimum is strict, except the global minima when there is only one point (m = 1). *)
Definition strict_local_minima : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, strict_local_min (loss kind a) w <-> loss kind a w = min_loss R m /\ m = 1%N.

(** No local maximum is strict, except w = 0 for a linear neuron whose data are a basis (m = n). *)
Definition strict_local_maxima : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, strict_local_max (loss kind a) w <-> [/\ kind = Linear, w = 0 & m = n].

(** No bad minimum where |w|^2 <= 2, hence none in the trap |w|^2 <= 21/20: a local minimum there
    is global, or the neuron is dead (ReLU). *)
Definition no_bad_minimum_in_trap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, sqnorm w <= 2%:R -> local_min (loss kind a) w ->
    loss kind a w = min_loss R m \/ dead kind a w.

(** The exception is needed: for ReLU there are dead neurons in every ball around 0. They are local
    minima with loss 1/2. *)
Definition dead_neurons_exist : Prop :=
  forall (R : realFieldType) (m n : nat)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall d, 0 < d -> exists w, [/\ sqnorm w <= d, dead Relu a w, local_min (loss Relu a) w &
    min_loss R m < loss Relu a w].

(** Farther out there are bad minima, where no point is active, that are not dead neurons: linear,
    exactly if m < n; ReLU, exactly if n >= 2. *)
Definition bad_minimum_exists : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  (exists w, [/\ local_min (loss kind a) w, min_loss R m < loss kind a w & ~ dead kind a w]) <->
  match kind with Linear => (m < n)%N | Relu => (1 < n)%N end.

(** ** One step, and the trap *)

(** One step on a batch B of b points, alpha = eta/b. With S the energy of the batch,
    s = 1 - alpha S and g = alpha (2 - N): every correlation is multiplied by s, and those of
    active points of the batch by s + g; N becomes s^2 N + (2 s g + g^2) S. *)
Definition one_step : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w,
  orthonormal a ->
  let alpha := eta / #|B|%:R in
  let S := \sum_(i in B) phi kind (corr a w i) ^+ 2 in
  let s := 1 - alpha * S in
  let g := alpha * (2%:R - sqnorm w) in
  (forall j, corr a (step kind a eta B w) j =
     s * corr a w j + (if j \in B then g * phi kind (corr a w j) else 0))
  /\ sqnorm (step kind a eta B w) = s ^+ 2 * sqnorm w + (2%:R * s * g + g ^+ 2) * S.

(** The trap: for alpha = eta/b at most 1/5 no batch leads out of the ball |w|^2 <= 21/20, and none
    changes the sign of a correlation there. *)
Definition trap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w,
  orthonormal a -> 0 <= eta -> eta / #|B|%:R <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  sqnorm (step kind a eta B w) <= 21%:R / 20%:R
  /\ forall j, Num.sg (corr a (step kind a eta B w) j) = Num.sg (corr a w j).

(** So in a run with any batches of b points, none of its weights leave that ball, no correlation
    changes its sign and none leaves 0. *)
Definition signs_kept : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) w0 (Bs : seq (batch m b)) w,
  orthonormal a -> 0 <= eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  w \in trajectory kind a eta w0 Bs ->
  sqnorm w <= 21%:R / 20%:R /\ forall j, Num.sg (corr a w j) = Num.sg (corr a w0 j).

(** The points that a step on one batch B of distinct points does not move, with any step size other
    than 0: those with no active correlation in the batch, and the unit vectors that are their own
    active part in the batch. *)
Definition batch_fixed_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w,
  orthonormal a -> eta != 0 -> B != set0 ->
  (step kind a eta B w = w <->
   (forall i, i \in B -> phi kind (corr a w i) = 0)
   \/ sqnorm w = 1 /\ w = \sum_(i in B) phi kind (corr a w i) *: a i).

(** For 0 < b < m the points with some active correlation that no batch of b points moves are
    exactly the data points and, for the linear neuron, their negatives. *)
Definition common_fixed_points : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) w,
  orthonormal a -> eta != 0 -> (0 < b)%N -> (b < m)%N ->
  (exists i, phi kind (corr a w i) != 0) ->
  ((forall B : {set 'I_m}, #|B| = b -> step kind a eta B w = w) <->
   exists i, w = a i \/ (kind = Linear /\ w = - a i)).

(** No batch takes the energy below a level that it has reached, for levels up to 9/10. *)
Definition energy_level_kept : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w l,
  orthonormal a -> 0 <= eta -> eta / #|B|%:R <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  l <= 9%:R / 10%:R -> l <= energy kind a w -> l <= energy kind a (step kind a eta B w).

(** ** Full-batch gradient descent *)

(** With eta <= m/4 and N + C <= 2 at the start, the energy never falls. *)
Definition gd_energy_grows : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0 t,
  orthonormal a -> (0 < m)%N -> 0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R ->
  energy kind a (gd kind a eta t w0) <= energy kind a (gd kind a eta t.+1 w0).

(** Then all active correlations keep their ratios: after t steps they are those of the start times
    one factor k >= 1, and points that were not active are not. *)
Definition gd_ratios : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0 t,
  orthonormal a -> (0 < m)%N -> 0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R ->
  exists2 k, 1 <= k &
  forall j, phi kind (corr a (gd kind a eta t w0) j) = k * phi kind (corr a w0 j).

(** ** Mini-batch SGD without replacement *)

(** Mini-batch SGD with a constant step size ends, almost surely, at one data point. Orthonormal
    data, linear or ReLU, batches of b < m points, eta/b <= 1/5, |w0|^2 <= 21/20, some eligible
    point. For all e, p > 0 there is T0 such that for all T: among all sequences of T0 + T batches
    the share of those for which the weights do not stay within e of one and the same eligible point
    from step T0 on is at most p. *)
Definition sgd_single_point : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0,
  archimedean R -> orthonormal a ->
  (0 < b)%N /\ (b < m)%N -> 0 < eta /\ eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@sgd_step R m n b kind a eta) w0.

(** What [sgd_single_point] asks for can be had: two points in the plane, b = 1, eta = 1/5, and the
    start half way between them. *)
Definition sgd_hypotheses_met : Prop :=
  forall (R : rcfType) (kind : activation),
  exists (a : 'I_2 -> 'rV[R]_2) (w0 : 'rV[R]_2),
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, (exists i, eligible kind a w0 i)
    & 0 < 5%:R^-1 :> R /\ 5%:R^-1 / 1%:R <= 5%:R^-1 :> R].

(** b < m is needed: on the full batch, b = m = 2, that start never comes within 1/2 of a data
    point, whatever the step size and the activation. *)
Definition full_batch_fails : Prop :=
  forall (R : rcfType) (kind : activation),
  exists (a : 'I_2 -> 'rV[R]_2) (w0 : 'rV[R]_2),
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, (exists i, eligible kind a w0 i) &
    forall (eta e : R) (T0 T : nat) (Bs : seq (batch 2 2)), e <= 2%:R^-1 -> 0 <= e ->
    size Bs = (T0 + T)%N -> ~~ settled kind a eta w0 e T0 Bs].

(** ** Which points SGD ends at *)

(** Under the hypotheses of [sgd_single_point] every eligible point is the limit
    with positive probability: for each eligible i there is p0 > 0 such that, for every e > 0, from
    some time T0 on all weights are within e of a_i (of -a_i if <w0, a_i> < 0) with probability at
    least p0. p0 does not depend on e. Probability is counted as there: for all T, among all
    sequences of T0 + T batches the share for which the weights T0 .. T0 + T are all within e is at
    least p0. *)
Definition sgd_every_eligible_point : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b < m)%N -> 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R ->
  forall i, eligible kind a w0 i -> exists2 p0, 0 < p0 & forall e, 0 < e -> exists T0, forall T,
    p0 <= chance R (T0 + T) (fun Bs : seq (batch m b) =>
      all (within a w0 e i) (drop T0 (trajectory kind a eta w0 Bs))).

(** No run, whatever its batches, ever comes within 1 of a point of the other kind: if s is 1 or -1
    and <w0, s a_i> <= 0, then |w_t - s a_i| >= 1 for all t. So ReLU never comes near a_i if a_i is
    not eligible; linear, neither near a_i nor -a_i; and never near the opposite of [within]. *)
Definition sgd_other_points_never : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> 0 <= eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  forall (i : 'I_m) (s : R), s ^+ 2 = 1 -> dot w0 (s *: a i) <= 0 ->
  forall (Bs : seq (batch m b)) w, w \in trajectory kind a eta w0 Bs -> 1 <= sqnorm (w - s *: a i).

(** b < m is needed in [sgd_every_eligible_point]: with m = n = b = 2, a_1 and a_2 the unit vectors
    and w0 = (1/2, 1/2), both points are eligible, and no point has positive probability, whatever
    the step size and the activation. *)
Definition every_point_needs_small_batches : Prop :=
  forall (R : rcfType) (kind : activation) (eta : R),
  let a : 'I_2 -> 'rV[R]_2 := fun i => delta_mx 0 i in
  let w0 : 'rV[R]_2 := 2%:R^-1 *: (a ord0 + a ord_max) in
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, forall i, eligible kind a w0 i &
   forall i p0, 0 < p0 -> ~ forall e, 0 < e -> exists T0, forall T,
    p0 <= chance R (T0 + T) (fun Bs : seq (batch 2 2) =>
      all (within a w0 e i) (drop T0 (trajectory kind a eta w0 Bs)))].

(** The selection law exists. Under the hypotheses of [sgd_single_point], the
    probability that w_T is within e of point i (0 < e <= 1/2) converges as T grows, for every
    eligible i, and its limit does not depend on e: for all e, e' and p > 0 the probabilities at
    two late times T and T', with e and e', differ by at most p. (Stated as a Cauchy sequence,
    since R need not be complete.) Over the eligible points the limits add up to 1, and each is
    positive. *)
Definition sgd_selection_law : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b < m)%N -> 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  let P := selection b kind a eta w0 in
  (forall e e' p, 0 < e -> e <= 2%:R^-1 -> 0 < e' -> e' <= 2%:R^-1 -> 0 < p ->
    exists T0, forall T T', (T0 <= T)%N -> (T0 <= T')%N ->
      (forall i, eligible kind a w0 i -> `|P T e i - P T' e' i| <= p) /\
      `|\sum_(i | eligible kind a w0 i) P T e i - 1| <= p) /\
  (forall i, eligible kind a w0 i -> exists2 p0, 0 < p0 & forall e, 0 < e ->
    exists T0, forall T, (T0 <= T)%N -> p0 <= P T e i).

(** ** Mini-batch SGD with replacement, and on random weights *)

(** Mini-batch SGD with replacement ends at one data point, almost surely.
    Orthonormal data a_1 .. a_m in R^n, the linear neuron or ReLU; each step draws a list of b >=
      1 of the m
    points, repetitions allowed, all m^b lists equally likely, and all steps independent; it
      moves by
    the mean of the b gradients, times the constant step size eta, 0 < eta <= 1/5. The start w0 has
    |w0|^2 <= 21/20 and at least one eligible point
      (linear: <w0, a_i> <> 0; ReLU: > 0). Then for all
    e, p > 0 there is T0 such that for all T: the share of those sequences of T0 + T draws for which
    the weights are NOT, from step T0 on, within e of one and the same eligible point (a_i, or -a_i
    where <w0, a_i> < 0) is at most p.
    Every m, n and b is included: m = 1, b = m (full size, but not the full batch) and b > m.
    Archimedes' property holds in the real numbers. *)
Definition sgd_with_replacement : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N ->
  0 < eta -> eta <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@replacement_step R m n kind a eta b) w0.

(** The same for any exchangeable random weights that isolate every point: in each step one of
    finitely many equally likely outcomes gives non-negative weights with sum 1 to the points, the
    family of outcomes is symmetric under exchanging two points, and for each point some outcome
      gives
    it all the weight; the step is eta times the weighted mean of the gradients, 0 < eta <= 1/5.
      Such
    SGD ends at one data point, almost surely. (Sampling with replacement is the case of weights
    multiplicity/b; others: a random batch size, each size with its own sampling, if size 1 can
      occur.) *)
Definition sgd_with_exchangeable_weights : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n)
    (Om : finType) (p : Om -> 'I_m -> R),
  archimedean R -> orthonormal a -> exchangeable p ->
  0 < eta -> eta <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (weights_step kind a eta p) w0.

(** A step with replacement in closed form: with S the sum over the list of phi(c_k)^2, alpha = eta/b
    and mu_j the multiplicity of j, every correlation becomes
    c_j <- (1 - alpha S) c_j + alpha mu_j (2 - |w|^2) phi(c_j). For every w, eta and list. *)
Definition replacement_step_closed_form : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (s : draw m b) (w : 'rV[R]_n) (j : 'I_m), orthonormal a ->
  let S := \sum_(k <- s) phi kind (corr a w k) ^+ 2 in
  corr a (replacement_step kind a eta s w) j = (1 - eta / b%:R * S) * corr a w j
    + eta / b%:R * (multiplicity s j)%:R * (2%:R - sqnorm w) * phi kind (corr a w j).

(** The trap: with step sizes up to 1/5 no draw leads out of |w|^2 <= 21/20 or changes the sign of a
    correlation, for every b >= 1. *)
Definition replacement_trap : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (s : draw m b) (w : 'rV[R]_n), orthonormal a -> (0 < b)%N ->
  0 <= eta -> eta <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  sqnorm (replacement_step kind a eta s w) <= 21%:R / 20%:R /\
  forall j, Num.sg (corr a (replacement_step kind a eta s w) j) = Num.sg (corr a w j).

(** An eligible point is needed: from a start without one no run at all settles at one. *)
Definition replacement_needs_eligible : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  (0 < m)%N -> (forall i, ~~ eligible kind a w0 i) ->
  ~ ends_at_one_point kind a (@replacement_step R m n kind a eta b) w0.

(** The ball is needed, for every step size: with m = n = 1 and |w0|^2 = 1 + 1/(2 eta) the first step
    leads to 0, and the run stays there, whatever b >= 1 and the activation; all other hypotheses
      hold. *)
Definition replacement_needs_ball : Prop :=
  forall (R : rcfType) (b : nat) (kind : activation) (eta : R), (0 < b)%N -> 0 < eta ->
  exists (a : 'I_1 -> 'rV[R]_1) (w0 : 'rV[R]_1), [/\ orthonormal a, sqnorm w0 = 1 + (2%:R * eta)^-1,
    exists i, eligible kind a w0 i & ~ ends_at_one_point kind a
      (@replacement_step R 1 1 kind a eta b) w0].

(** Some bound on the step size is needed, even inside the ball: with eta = 10 and |w0|^2 = 21/20 the
    conclusion fails (m = n = 1, any b >= 1). The bound 1/5 is what the trap's proof needs; the
      sharp
    one is not known here. *)
Definition replacement_needs_small_steps : Prop :=
  forall (R : rcfType) (b : nat) (kind : activation), (0 < b)%N ->
  exists (a : 'I_1 -> 'rV[R]_1) (w0 : 'rV[R]_1), [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R,
    exists i, eligible kind a w0 i &
    ~ ends_at_one_point kind a (@replacement_step R 1 1 kind a 10%:R b) w0].

(** Exchangeable weights that do not isolate the points are not enough: weights 1/2 and 1/2, always,
    are the full batch of two points, and from some start inside the ball with both points
      eligible no
    step size leads to a data point. *)
Definition exchangeable_needs_isolation : Prop :=
  forall (R : rcfType) (kind : activation), exists (a : 'I_2 -> 'rV[R]_2) (w0 : 'rV[R]_2),
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, forall i, eligible kind a w0 i &
      forall eta : R, ~ ends_at_one_point kind a
        (weights_step kind a eta (fun (_ : unit) (_ : 'I_2) => 2%:R^-1)) w0].

(** Multiplicities over b are such weights: sampling with replacement is a case of the general theorem. *)
Definition replacement_exchangeable : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R),
    (0 < b)%N ->
  let p := fun (s : draw m b) i => (multiplicity s i)%:R / b%:R in
  exchangeable p /\
  forall s w, replacement_step kind a eta s w = weights_step kind a eta p s w.

(** The hypotheses can be met, with two eligible points and full size b = m = 2; here the full batch
    never comes near a data point ([full_batch_fails]), and sampling with replacement does. *)
Definition replacement_hypotheses_met : Prop :=
  forall (R : rcfType) (kind : activation), exists (a : 'I_2 -> 'rV[R]_2) (w0 : 'rV[R]_2) (eta : R),
  [/\ orthonormal a, 0 < eta /\ eta <= 5%:R^-1, sqnorm w0 <= 21%:R / 20%:R &
      forall i, eligible kind a w0 i].

(** ** The Hessian of the linear neuron *)

(** The closed form of the Hessian is the derivative of the gradient, at every w. *)
Definition hessian_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> is_derivative (gradient Linear a) w (hessian a w).

(** Its trace is ((N - 2) m + 4 C + C n) / m. *)
Definition hessian_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  \tr (hessian a w) =
    ((sqnorm w - 2%:R) * m%:R + 4%:R * energy Linear a w + energy Linear a w * n%:R) / m%:R.

(** Every minimum of the linear neuron has the same trace, (n + 4 - m) / m. *)
Definition hessian_trace_at_minima : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> loss Linear a w = min_loss R m ->
  \tr (hessian a w) = (n%:R + 4%:R - m%:R) / m%:R.

(** ** Gradient noise *)

(** With phi = phi(c_i): |gradient of sample i|^2 = phi^2 ((N - 2)^2 + (3 N - 4) phi^2). *)
Definition sample_gradient_sqnorm : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i w,
  orthonormal a ->
  sqnorm (sample_gradient kind a i w) = phi kind (corr a w i) ^+ 2 *
    ((sqnorm w - 2%:R) ^+ 2 + (3%:R * sqnorm w - 4%:R) * phi kind (corr a w i) ^+ 2).

(** At a global minimum the trace of the covariance of the sample gradients is
    (1 - sum of phi(c_i)^4) / m. *)
Definition noise_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> loss kind a w = min_loss R m ->
  \tr (covariance (fun i => sample_gradient kind a i w)) =
    (1 - \sum_i phi kind (corr a w i) ^+ 4) / m%:R.

(** At a global minimum that trace is 0 exactly at the data points; for the linear neuron also at
    their opposites. *)
Definition noise_zero : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> loss kind a w = min_loss R m ->
  (\tr (covariance (fun i => sample_gradient kind a i w)) = 0 <->
   exists i, w = a i \/ (kind = Linear /\ w = - a i)).

(** Sampling without replacement: for any vectors g_1 .. g_m, m >= 2 and 1 <= b <= m, the covariance
    matrix of the mean of a batch of b is (m - b) / (b (m - 1)) times that of the vectors. *)
Definition batch_covariance_factor : Prop :=
  forall (R : realFieldType) (m n b : nat) (g : 'I_m -> 'rV[R]_n),
  (0 < b)%N -> (b <= m)%N -> (1 < m)%N ->
  batch_covariance b g = ((m%:R - b%:R) / (b%:R * (m%:R - 1))) *: covariance g.

(** ** Programs *)

(** The programs of [Programs], run on an ordered field, compute the loss and the step: for data and
    weights given as lists of n numbers, and for a batch given as the list of its points. *)
Definition programs_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
         (data : seq (seq R)) (w : seq R) (eta : R) (batch : seq 'I_m),
  size data = m -> (forall i : 'I_m, size (nth [::] data i) = n) -> size w = n -> uniq batch ->
  let relu := if kind is Relu then true else false in
  let a (i : 'I_m) : 'rV[R]_n := row_of n (nth [::] data i) in
  let minus (x y : R) := x - y in
  let nonneg (t : R) := 0 <= t in
  loss_of 0 1 +%R minus *%R nonneg 2%:R^-1 m%:R^-1 relu w data = loss kind a (row_of n w)
  /\ row_of n (step_of 0 1 +%R minus *%R nonneg (eta / (size batch)%:R) relu w
       [seq nth [::] data i | i : 'I_m <- batch]) =
     step kind a eta [set i in batch] (row_of n w).
