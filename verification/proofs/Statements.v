(** * The theorems, each a named statement

    A statement is closed: everything that it speaks of is quantified in it or defined in
    [Definitions]. [kind] is the activation, linear or ReLU: a statement that does not fix it holds
    for both. A point is active at w, or eligible if w is the start of a run, if the neuron with the
    weights w responds to it: <w, a_i> is not 0 (linear) or positive (ReLU). *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Programs Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The landscape *)

(** The closed form of the gradient of one sample's loss is its gradient, at every w, also where
    ReLU has its kink, and for any data. *)
Definition sample_gradient_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i w,
  is_gradient (sample_loss kind a i) w (sample_gradient kind a i w).

(** The same for the loss: it is differentiable everywhere. *)
Definition gradient_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  is_gradient (loss kind a) w (gradient kind a w).

(** The loss depends on two numbers only, N = |w|^2 and the energy C: L = 1/2 + (N - 2) C / (2m). *)
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

(** At a data point and at its negative the gradient of every single sample's loss is 0, so that a
    step of any size on any batch does not move it. *)
Definition noise_vanishes : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (exists i, w = a i \/ w = - a i) ->
  (forall j, sample_gradient kind a j w = 0) /\ (forall eta B, step kind a eta B w = w).

(** At the global minima it is so nowhere else: there the square of sample i's gradient is
    phi(c_i)^2 (1 - phi(c_i)^2), and all of them vanish exactly at the data points and, for the
    linear neuron, at their negatives. *)
Definition noise_elsewhere : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> loss kind a w = min_loss R m ->
  (forall i, sqnorm (sample_gradient kind a i w) =
     phi kind (corr a w i) ^+ 2 * (1 - phi kind (corr a w i) ^+ 2))
  /\ ((forall i, sample_gradient kind a i w = 0) <->
      exists i, w = a i \/ (kind = Linear /\ w = - a i)).

(** ** Critical points, and their kinds *)

(** w is critical exactly if the closed form [gradient] vanishes at w. (The loss is differentiable
    everywhere: [gradient_correct].) *)
Definition critical_gradient : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n) w,
  critical (loss kind a) w <-> gradient kind a w = 0.

(** All critical points: those where no point of the data is active (linear: w orthogonal to all
    a_i; ReLU: no <w, a_i> positive), and the global minima. There are no others, in particular no
    saddles where some points are active. *)
Definition critical_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a ->
  forall w, critical (loss kind a) w <-> silent kind a w \/ loss kind a w = min_loss R m.

(** So a critical point with a loss below 1/2 is a global minimum, and no saddle. *)
Definition no_saddle_below : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n),
  orthonormal a -> (0 < m)%N ->
  forall w, critical (loss kind a) w -> loss kind a w < 2%:R^-1 ->
  loss kind a w = min_loss R m /\ ~ saddle (loss kind a) w.

(** The loss has exactly two critical values, 1/2 and the minimum, which is smaller. It is 1/2 where
    no point is active. *)
Definition critical_values : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  [/\ min_loss R m < 2%:R^-1,
      forall v, (exists2 w, critical (loss kind a) w & loss kind a w = v) <->
                v = 2%:R^-1 \/ v = min_loss R m &
      forall w, silent kind a w -> loss kind a w = 2%:R^-1].

(** All local minima: the global ones; ReLU: the dead neurons, with <w, a_i> < 0 for all i; and, for
    both activations, the w with |w|^2 > 2 at which no point is active. The last two kinds are bad:
    their loss is 1/2. *)
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

(** All saddles: the w with |w|^2 = 2 at which no point is active, except dead neurons: some
    <w, a_i> is 0 (linear: all are). *)
Definition saddle_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, saddle (loss kind a) w <->
    [/\ silent kind a w, exists i, corr a w i = 0 & sqnorm w = 2%:R].

(** Saddles exist, for the linear neuron exactly if m < n, for ReLU exactly if n >= 2. *)
Definition saddles_exist : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  (exists w, saddle (loss kind a) w) <->
  match kind with Linear => (m < n)%N | Relu => (1 < n)%N end.

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

(** Where |w|^2 <= 2, so in the ball |w|^2 <= 21/20 of [trap] below, the only local minima that are
    not global are dead neurons (ReLU); the linear neuron has none. *)
Definition no_bad_minimum_in_trap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n), orthonormal a -> (0 < m)%N ->
  forall w, sqnorm w <= 2%:R -> local_min (loss kind a) w ->
    loss kind a w = min_loss R m \/ dead kind a w.

(** Such dead neurons exist in every ball around 0. They are local minima with loss 1/2. *)
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
    s = 1 - alpha S and g = alpha (2 - N): every correlation is multiplied by s, and those of active
    points of the batch by s + g; N becomes s^2 N + (2 s g + g^2) S. *)
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

(** The trap: for 0 <= alpha = eta/b <= 1/5 no batch leads out of the ball |w|^2 <= 21/20, and none
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
    than 0: those at which no point of the batch is active, and the unit vectors that are their own
    active part in the batch. *)
Definition batch_fixed_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w,
  orthonormal a -> eta != 0 ->
  (step kind a eta B w = w <->
   (forall i, i \in B -> phi kind (corr a w i) = 0)
   \/ sqnorm w = 1 /\ w = \sum_(i in B) phi kind (corr a w i) *: a i).

(** For gradient descent with a step size other than 0 the points that do not move are the critical
    points: those where no point is active, and the global minima. *)
Definition full_batch_fixed_points : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w,
  orthonormal a -> eta != 0 ->
  (gd_weights kind a eta w 1 = w <-> critical (loss kind a) w)
  /\ (critical (loss kind a) w <-> silent kind a w \/ loss kind a w = min_loss R m).

(** For 0 < b < m the w with some active point that no batch of b points moves are exactly the data
    points and, for the linear neuron, their negatives. *)
Definition common_fixed_points : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) w,
  orthonormal a -> eta != 0 -> (0 < b)%N -> (b < m)%N ->
  (exists i, phi kind (corr a w i) != 0) ->
  ((forall B : {set 'I_m}, #|B| = b -> step kind a eta B w = w) <->
   exists i, w = a i \/ (kind = Linear /\ w = - a i)).

(** In the trap, and for 0 <= eta/b <= 1/5, no batch takes the energy below a level that it has
    reached, for levels up to 9/10. *)
Definition energy_level_kept : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
         (eta : R) (B : {set 'I_m}) w l,
  orthonormal a -> 0 <= eta -> eta / #|B|%:R <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  l <= 9%:R / 10%:R -> l <= energy kind a w -> l <= energy kind a (step kind a eta B w).

(** ** Full-batch gradient descent *)

(** With 0 < eta <= m/4 and N + C <= 2 at the start, the energy never falls. *)
Definition gd_energy_grows : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0 t,
  orthonormal a -> 0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R ->
  energy kind a (gd_weights kind a eta w0 t) <= energy kind a (gd_weights kind a eta w0 t.+1).

(** Then all active correlations keep their ratios: after t steps they are those of the start times
    one factor k >= 1, and points that were not active are not. *)
Definition gd_ratios_kept : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0 t,
  orthonormal a -> 0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R ->
  exists2 k, 1 <= k &
  forall j, phi kind (corr a (gd_weights kind a eta w0 t) j) = k * phi kind (corr a w0 j).

(** ** Full-batch gradient descent: step sizes, starts, and cosines *)

(** Throughout: a_1 .. a_m are orthonormal in R^n, the neuron is linear or ReLU, w0 is the start,
    eta the step size; C(w) = energy is the sum of the phi(<w, a_i>)^2, [rest] is |w|^2 - C(w).
    Lengths need roots, so R is real closed, for uniformity also in statements without a root. *)

(** Gradient descent with a step size 0 < eta <= m/4, from a start with |w0|^2 + C(w0) <= 2 and at
    least one active point, approaches the normalised active part of w0: the squared distance after
    t steps is at most q^t ((1 - C(w0)) + (4/C(w0)) rest(w0)) with the rate q = 1 - (eta/m) C(w0)/2,
    which lies strictly between 0 and 1 (so it converges if R is archimedean); and the limit is a
    global minimum. *)
Definition gd_limit : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R -> (exists i, eligible kind a w0 i) ->
  let C0 := energy kind a w0 in
  let q := 1 - eta / m%:R * C0 / 2%:R in
  [/\ 0 < q, q < 1, loss kind a (gd_direction kind a w0) = min_loss R m &
      forall t, sqnorm (gd_weights kind a eta w0 t - gd_direction kind a w0)
        <= q ^+ t * ((1 - C0) + 4%:R / C0 * rest kind a w0)].

(** The condition on the start in [gd_limit] holds in the whole unit ball. *)
Definition gd_unit_ball : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n),
  orthonormal a -> sqnorm w <= 1 -> sqnorm w + energy kind a w <= 2%:R.

(** An active point is needed: without one (linear: w0 is orthogonal to all data; ReLU: no
    correlation is positive) gradient descent with any step size never moves, on any data; if there
    are data and they are orthonormal, its loss is and stays 1/2. *)
Definition gd_silent_start : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  (forall i, ~~ eligible kind a w0 i) ->
  (forall t, gd_weights kind a eta w0 t = w0) /\
  ((0 < m)%N -> orthonormal a -> loss kind a w0 = 2%:R^-1).

(** Corollary 3 of Ghosh, Frei, Ha and Yu, GD's half: the normalised active part w of the start
    makes with the start an angle of cosine |active part| / |w0| = sqrt C(w0) / |w0|, and with the
    point a_i one of cosine phi(<w0, a_i>) / sqrt C(w0). *)
Definition gd_cosines : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  orthonormal a -> (exists i, eligible kind a w0 i) ->
  let w := gd_direction kind a w0 in
  [/\ cosine w w0 = vnorm (active_part kind a w0) / vnorm w0,
      cosine w w0 = Num.sqrt (energy kind a w0) / vnorm w0 &
      forall i, cosine w (a i) = phi kind (corr a w0 i) / Num.sqrt (energy kind a w0)].

(** Corollary 3 of Ghosh, Frei, Ha and Yu, SGD's half: the point a_i with the sign of <w0, a_i> (the
    weights at which mini-batch SGD ends, for one eligible i: [sgd_single_point]) makes with the
    start an angle of cosine |<w0, a_i>| / |w0|; its cosine with a_i is 1 in absolute value (the
    sign of <w0, a_i>), that with every other point is 0. *)
Definition sgd_cosines : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n)
    (i : 'I_m),
  orthonormal a -> eligible kind a w0 i ->
  let w := Num.sg (corr a w0 i) *: a i in
  [/\ cosine w w0 = `|corr a w0 i| / vnorm w0,
      cosine w (a i) = Num.sg (corr a w0 i), `|cosine w (a i)| = 1 &
      forall j, j != i -> cosine w (a j) = 0].

(** GD's limit is never further in angle from the start than SGD's, whichever eligible point SGD
    ends at; and the two cosines are equal exactly if that point is the only eligible one. *)
Definition cosines_compared : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n)
    (i : 'I_m),
  orthonormal a -> eligible kind a w0 i ->
  let w_gd := gd_direction kind a w0 in
  let w_sgd := Num.sg (corr a w0 i) *: a i in
  cosine w_sgd w0 <= cosine w_gd w0 /\
  (cosine w_sgd w0 = cosine w_gd w0 <-> forall j, eligible kind a w0 j -> j = i).

(** *** Every step size below m/2, and from a much larger set of starts *)

(** Gradient descent with any step size 0 < eta < m/2 converges (at least linearly, in the sense of
    [converges_linearly]) to the normalised active part of w0, from every start with an active
    point, with rest(w0) < 2 and with |w0|^2 + C(w0) < 2 + m/eta. These starts include, with an
    active point: all with |w0|^2 + C(w0) <= 2 (so the unit ball); all with |w0|^2 < 1 + m/(2 eta)
    and rest 0 (linear: in the span of the data); and a neighbourhood of every global minimum
    ([minima_attract]). Not treated here: starts with 2 <= rest(w0) < 3 (see [gd_bad_start]). *)
Definition gd_converges : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta < m%:R / 2%:R -> (exists i, eligible kind a w0 i) ->
  rest kind a w0 < 2%:R -> sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta ->
  converges_linearly (gd_weights kind a eta w0) (gd_direction kind a w0) /\
  loss kind a (gd_direction kind a w0) = min_loss R m.

(** The same with the rate spelt out, al = eta/m: for any e > 0 that is at most C(w0), C(w1) and 1
    - rest(w0)/2 (under the conditions of [gd_converges] these three are positive), the squared
      distance after t steps is at most (1 - al e^2 (1 - 2 al)/3)^t (|1 - C(w0)^2| + (30/(al^2 e))
      rest(w0)). *)
Definition gd_converges_rate : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n)
    (e : R),
  orthonormal a -> 0 < eta -> eta < m%:R / 2%:R ->
  sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta ->
  0 < e -> e <= energy kind a w0 -> e <= energy kind a (gd_weights kind a eta w0 1) ->
  e <= 1 - rest kind a w0 / 2%:R ->
  let al := eta / m%:R in
  let q := 1 - al * e ^+ 2 * (1 - 2%:R * al) / 3%:R in
  [/\ 0 < q, q < 1 & forall t, sqnorm (gd_weights kind a eta w0 t - gd_direction kind a w0)
    <= q ^+ t * (`|1 - energy kind a w0 ^+ 2| + 30%:R / (al ^+ 2 * e) * rest kind a w0)].

(** In the span (linear: w0 is a combination of the data; ReLU: one without negative coefficients),
    for w0 other than 0, the condition on the start is |w0|^2 < 1 + m/(2 eta). *)
Definition gd_converges_in_span : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta < m%:R / 2%:R ->
  w0 = active_part kind a w0 -> w0 != 0 -> sqnorm w0 < 1 + m%:R / (2%:R * eta) ->
  converges_linearly (gd_weights kind a eta w0) (normalised w0).

(** Every start with |w0|^2 + C(w0) <= 2 and an active point will do, for every eta < m/2. *)
Definition gd_converges_ball : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta < m%:R / 2%:R -> (exists i, eligible kind a w0 i) ->
  sqnorm w0 + energy kind a w0 <= 2%:R ->
  converges_linearly (gd_weights kind a eta w0) (gd_direction kind a w0).

(** Every global minimum attracts for every 0 < eta < m/2: from each start within 1/4 of a global
    minimum, on and off the span, gradient descent converges, at least linearly, to a global minimum
    that is at most twice as far from the given one as the start. The radius 1/4 is the same for all
    minima, m, n, both activations and all these step sizes. *)
Definition minima_attract : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w_min w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta < m%:R / 2%:R -> loss kind a w_min = min_loss R m ->
  vnorm (w0 - w_min) <= 4%:R^-1 ->
  exists l, [/\ converges_linearly (gd_weights kind a eta w0) l,
                loss kind a l = min_loss R m & vnorm (l - w_min) <= 2%:R * vnorm (w0 - w_min)].

(** *** The cosines of the limits themselves *)

(** If R is archimedean, at least linear convergence is convergence. *)
Definition linear_is_convergent : Prop :=
  forall (R : realFieldType) (n : nat) (w : nat -> 'rV[R]_n) (l : 'rV[R]_n),
  archimedean R -> converges_linearly w l -> converges_to w l.

(** A sequence has at most one limit. *)
Definition limits_unique : Prop :=
  forall (R : realFieldType) (n : nat) (w : nat -> 'rV[R]_n) (l l' : 'rV[R]_n),
  converges_to w l -> converges_to w l' -> l' = l.

(** If gradient descent (under the conditions of [gd_converges]) converges to w_gd, then w_gd is the
    normalised active part of w0 and has the cosines of [gd_cosines]. *)
Definition gd_limit_cosines : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 w_gd : 'rV[R]_n),
  archimedean R -> orthonormal a -> 0 < eta -> eta < m%:R / 2%:R ->
  (exists i, eligible kind a w0 i) ->
  rest kind a w0 < 2%:R -> sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta ->
  converges_to (gd_weights kind a eta w0) w_gd ->
  [/\ w_gd = gd_direction kind a w0,
      cosine w_gd w0 = vnorm (active_part kind a w0) / vnorm w0,
      cosine w_gd w0 = Num.sqrt (energy kind a w0) / vnorm w0 &
      forall i, cosine w_gd (a i) = phi kind (corr a w0 i) / Num.sqrt (energy kind a w0)].

(** Mini-batch SGD, 1 <= b < m, 0 < eta/b <= 1/5, |w0|^2 <= 21/20, some active point: almost surely
    the cosines of its weights settle, for one and the same eligible point i, at |<w0, a_i>| / |w0|
    with the start, at 1 with a_i, or -1 if <w0, a_i> is negative, and at 0 with all other points.
    That is, for all e, p > 0 there is T0 such that for all T at most the share p of the sequences
    of T0 + T batches fails to have an eligible i with these cosines to within e at all steps from
    T0 to T0 + T. *)
Definition sgd_run_cosines : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n) (e p : R),
  archimedean R -> orthonormal a -> (0 < b)%N -> (b < m)%N -> 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) -> 0 < e -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (fun Bs : seq (batch m b) =>
    ~~ [exists i, eligible kind a w0 i && all (cosines_within a w0 e i)
                                              (drop T0 (trajectory kind a eta w0 Bs))]) <= p.

(** So, with the share 1 - p in the same sense, SGD's weights end no better aligned with the
    start than GD's limit: their cosine with w0 is at most the one of the normalised active part,
    up to e. *)
Definition sgd_no_better_aligned : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n) (e p : R),
  archimedean R -> orthonormal a -> (0 < b)%N -> (b < m)%N -> 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) -> 0 < e -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (fun Bs : seq (batch m b) =>
    ~~ all (fun w => cosine w w0 <= cosine (gd_direction kind a w0) w0 + e)
           (drop T0 (trajectory kind a eta w0 Bs))) <= p.

(** *** Beyond: eta > m/2, starts beyond the bounds *)

(** For eta > m/2 every global minimum w_min repels along its ray: with p = 2 eta/m > 1 and
    d = (p - 1)/(3 p), a step from r w_min, |r - 1| <= d, multiplies the distance from w_min by at
    least p. (The step itself is explicit: [gd_radial_rate].) *)
Definition gd_expands_beyond : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta r : R)
    (w_min : 'rV[R]_n),
  orthonormal a -> m%:R / 2%:R < eta -> loss kind a w_min = min_loss R m ->
  let p := 2%:R * eta / m%:R in
  `|r - 1| <= (p - 1) / (3%:R * p) ->
  p * vnorm (r *: w_min - w_min) <= vnorm (gd_weights kind a eta (r *: w_min) 1 - w_min).

(** So no global minimum is stable for eta > m/2: from r w_min, r not 1 but as near to 1 as one
    likes, gradient descent leaves the ball of radius d about w_min, and d does not depend on r. *)
Definition gd_unstable_beyond : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta r : R)
    (w_min : 'rV[R]_n),
  archimedean R -> orthonormal a -> m%:R / 2%:R < eta ->
  loss kind a w_min = min_loss R m ->
  let p := 2%:R * eta / m%:R in
  let d := (p - 1) / (3%:R * p) in
  0 < d /\ (r != 1 -> `|r - 1| <= d ->
    exists T, d < vnorm (gd_weights kind a eta (r *: w_min) T - w_min)).

(** For every eta > m/2 gradient descent has a period-two orbit on the ray of every global minimum
    w_min, linear and ReLU: with p = 2 eta/m, from r w_min it alternates between r w_min and r'
    w_min, r = (sqrt(p+3) + sqrt(p-1)) / (2 sqrt p) > 1 and r' = (sqrt(p+3) - sqrt(p-1)) / (2 sqrt
    p) < 1; so it has no limit there. *)
Definition gd_period_two : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w_min : 'rV[R]_n),
  orthonormal a -> m%:R / 2%:R < eta -> loss kind a w_min = min_loss R m ->
  let p := 2%:R * eta / m%:R in
  let r := (Num.sqrt (p + 3%:R) + Num.sqrt (p - 1)) / (2%:R * Num.sqrt p) in
  let r' := (Num.sqrt (p + 3%:R) - Num.sqrt (p - 1)) / (2%:R * Num.sqrt p) in
  [/\ 0 < r', r' < 1, 1 < r,
      forall t, gd_weights kind a eta (r *: w_min) t = (if odd t then r' else r) *: w_min /\
                gd_weights kind a eta (r' *: w_min) t = (if odd t then r else r') *: w_min &
      forall l, ~ converges_to (gd_weights kind a eta (r *: w_min)) l /\
                ~ converges_to (gd_weights kind a eta (r' *: w_min)) l].

(** Too long a start, linear neuron, any step size eta > 0: if C(w0) = 1 + m/eta + d with d > 0, the
    energy is multiplied by at least (1 + 2 (eta/m) d)^2 in every step. *)
Definition gd_diverges : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> 1 + m%:R / eta < energy Linear a w0 ->
  let d := energy Linear a w0 - (1 + m%:R / eta) in
  forall t, (1 + 2%:R * (eta / m%:R) * d) ^+ 2 * energy Linear a (gd_weights Linear a eta w0 t)
            <= energy Linear a (gd_weights Linear a eta w0 t.+1).

(** So the length of the weights and the loss grow beyond all bounds. *)
Definition gd_unbounded : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n) (M : R),
  archimedean R -> orthonormal a -> 0 < eta -> 1 + m%:R / eta < energy Linear a w0 ->
  exists T, forall t, (T <= t)%N ->
    M <= vnorm (gd_weights Linear a eta w0 t) /\ M <= loss Linear a (gd_weights Linear a eta w0 t).

(** On the boundary, |w0|^2 = C(w0) = 1 + m/eta (in the span), a linear neuron only changes its sign
    in every step. *)
Definition gd_alternates : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta ->
  w0 = active_part Linear a w0 -> sqnorm w0 = 1 + m%:R / eta ->
  forall t, gd_weights Linear a eta w0 t = (-1) ^+ t *: w0.

(** Too long a step: for every eta > m there is a start inside the unit ball, on the ray of every
    global minimum, from which the linear neuron's gradient descent diverges: |w0|^2 = (1 + p)/(3
    p), p = 2 eta/m. *)
Definition gd_diverges_from_ball : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w_min : 'rV[R]_n),
  archimedean R -> orthonormal a -> m%:R < eta ->
  loss Linear a w_min = min_loss R m ->
  let p := 2%:R * eta / m%:R in
  let w0 := Num.sqrt ((1 + p) / (3%:R * p)) *: w_min in
  vnorm w0 < 1 /\ forall M, exists T, forall t, (T <= t)%N -> M <= vnorm (gd_weights Linear a eta
    w0 t).

(** ReLU: after one step no point is active, for ever, and the loss is 1/2, if
    |w0|^2 + C(w0) >= 2 + m/eta and (where some correlation is negative) eta C(w0) <= m. (Without
    the last condition: [relu_may_flip]; what then follows is not treated here.) *)
Definition relu_falls_silent : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> (0 < m)%N -> 0 < eta ->
  2%:R + m%:R / eta <= sqnorm w0 + energy Relu a w0 ->
  (forall i, corr a w0 i < 0 -> eta * energy Relu a w0 <= m%:R) ->
  forall t, (0 < t)%N ->
    [/\ forall i, ~~ eligible Relu a (gd_weights Relu a eta w0 t) i,
        gd_weights Relu a eta w0 t = gd_weights Relu a eta w0 1 &
        loss Relu a (gd_weights Relu a eta w0 t) = 2%:R^-1].

(** And for eta >= (4/5) m a ReLU neuron falls silent in two steps from a start inside the unit ball
    without a negative correlation, on the ray of every global minimum: |w0|^2 = (1 + p)/(3 p),
    p = 2 eta/m. *)
Definition relu_falls_silent_from_ball : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w_min : 'rV[R]_n),
  orthonormal a -> 4%:R / 5%:R * m%:R <= eta -> loss Relu a w_min = min_loss R m ->
  let p := 2%:R * eta / m%:R in
  let w0 := Num.sqrt ((1 + p) / (3%:R * p)) *: w_min in
  vnorm w0 < 1 /\ forall t, (1 < t)%N ->
    [/\ forall i, ~~ eligible Relu a (gd_weights Relu a eta w0 t) i,
        gd_weights Relu a eta w0 t = gd_weights Relu a eta w0 2 &
        loss Relu a (gd_weights Relu a eta w0 t) = 2%:R^-1].

(** The bound on the start in [gd_converges] is sharp: with equality, |w0|^2 + C(w0) = 2 + m/eta,
    and w0 in the span (so |w0|^2 = 1 + m/(2 eta)), one step leads to 0, where the neuron stays; for
    any step size, linear and ReLU. *)
Definition gd_boundary_start : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> w0 = active_part kind a w0 ->
  sqnorm w0 = 1 + m%:R / (2%:R * eta) ->
  sqnorm w0 + energy kind a w0 = 2%:R + m%:R / eta /\
  forall t, (0 < t)%N -> gd_weights kind a eta w0 t = 0.

(** The bound rest(w0) < 2 in [gd_converges] cannot be replaced by one above 3: for 0 < eta <= m/2
    the other bound, that on |w0|^2 + C(w0), holds wherever 3 + 6 C(w0) <= rest(w0) <= 10/3 (and an
    active point can be had: [gd_bad_start_met]), but there the energy dies out instead, the rest
    never falls below 3 and the loss never below 1/2. (The case 2 <= rest(w0) < 3 is left open.) *)
Definition gd_bad_start : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta <= m%:R / 2%:R ->
  3%:R + 6%:R * energy kind a w0 <= rest kind a w0 -> rest kind a w0 <= 10%:R / 3%:R ->
  sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta /\
  forall t, [/\ energy kind a (gd_weights kind a eta w0 t)
                  <= (1 - eta / m%:R) ^+ (2 * t) * energy kind a w0,
                3%:R <= rest kind a (gd_weights kind a eta w0 t) &
                2%:R^-1 <= loss kind a (gd_weights kind a eta w0 t)].

(** Such starts exist, for instance for one data point in the plane, with an active point. *)
Definition gd_bad_start_met : Prop :=
  forall (R : rcfType) (kind : activation),
  let a := fun _ : 'I_1 => delta_mx 0 0 : 'rV[R]_2 in
  let w0 := 10%:R^-1 *: delta_mx 0 0 + (9%:R / 5%:R) *: delta_mx 0 1 : 'rV[R]_2 in
  [/\ orthonormal a, eligible kind a w0 0, 3%:R + 6%:R * energy kind a w0 <= rest kind a w0 &
      rest kind a w0 <= 10%:R / 3%:R].

(** *** One step, exactly *)

(** Any step size, any start: a step multiplies the correlations with all active points by the same
    factor k = 1 - (eta/m)(|w|^2 + C(w) - 2), so their ratios do not change; all other correlations
    are multiplied by 1 - (eta/m) C(w). *)
Definition gd_ratios : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w : 'rV[R]_n)
    (i : 'I_m),
  orthonormal a ->
  corr a (gd_weights kind a eta w 1) i =
    (if eligible kind a w i then 1 - eta / m%:R * (sqnorm w + energy kind a w - 2%:R)
     else 1 - eta / m%:R * energy kind a w) * corr a w i.

(** Linear: beyond the bound of [gd_converges], |w0|^2 + C(w0) > 2 + m/eta (in the span:
    |w0|^2 > 1 + m/(2 eta)), the first step changes the sign of every correlation that is not 0. *)
Definition gd_flips : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n) (i : 'I_m),
  orthonormal a -> 0 < eta -> 2%:R + m%:R / eta < sqnorm w0 + energy Linear a w0 ->
  Num.sg (corr a (gd_weights Linear a eta w0 1) i) = - Num.sg (corr a w0 i).

(** Linear, in the span: for 0 < eta <= m the squared length never exceeds 1 + m/eta if it does not
    at the start. (For eta > m it may, also from the unit ball: [gd_diverges_from_ball].) *)
Definition gd_bounded : Prop :=
  forall (R : rcfType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> 0 < eta -> eta <= m%:R ->
  w0 = active_part Linear a w0 -> sqnorm w0 <= 1 + m%:R / eta ->
  forall t, sqnorm (gd_weights Linear a eta w0 t) <= 1 + m%:R / eta.

(** The rate along the radius at a global minimum w_min, exactly: with al = eta/m, an error d in the
    length (d >= -1; linear: any d) becomes (1 - 4 al) d - 6 al d^2 - 2 al d^3. *)
Definition gd_radial_rate : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta d : R)
    (w_min : 'rV[R]_n),
  orthonormal a -> loss kind a w_min = min_loss R m -> kind = Linear \/ 0 <= 1 + d ->
  let al := eta / m%:R in
  gd_weights kind a eta ((1 + d) *: w_min) 1 =
    (1 + ((1 - 4%:R * al) * d - 6%:R * al * d ^+ 2 - 2%:R * al * d ^+ 3)) *: w_min.

(** The rate off the span at a global minimum w_min, exactly: let h be orthogonal to the data (ReLU:
    to the points that are active at w_min, and without positive correlation with the others). Then
    the error h becomes (1 - al) h, and w_min is multiplied by 1 - al |h|^2, al = eta/m. *)
Definition gd_off_span_rate : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w_min h : 'rV[R]_n),
  orthonormal a -> loss kind a w_min = min_loss R m ->
  (forall i, corr a h i = 0 \/ [/\ kind = Relu, ~~ eligible Relu a w_min i & corr a h i <= 0]) ->
  let al := eta / m%:R in
  gd_weights kind a eta (w_min + h) 1 = (1 - al * sqnorm h) *: w_min + (1 - al) *: h.

(** For eta > m/2, from a start in the span (linear: a combination of the data; ReLU: one without
    negative coefficients), gradient descent converges to a global minimum only if it hits it
    exactly after finitely many steps: no approach in the limit. (Starts off the span are not
    treated here.) *)
Definition gd_no_approach_beyond : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 l : 'rV[R]_n),
  archimedean R -> orthonormal a -> m%:R / 2%:R < eta ->
  w0 = active_part kind a w0 -> loss kind a l = min_loss R m ->
  converges_to (gd_weights kind a eta w0) l -> exists T, gd_weights kind a eta w0 T = l.

(** At the threshold itself, eta = m/2, gradient descent still converges to the normalised active
    part of w0, from the same starts as in [gd_converges] (there m/eta = 2). In general it does not
    do so linearly: on a ray the error d becomes -d - 3 d^2 - d^3 ([gd_radial_rate]). So R is
    archimedean here. That the rate is not linear is not proved here. *)
Definition gd_converges_threshold : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (exists i, eligible kind a w0 i) ->
  rest kind a w0 < 2%:R -> sqnorm w0 + energy kind a w0 < 4%:R ->
  converges_to (gd_weights kind a (m%:R / 2%:R) w0) (gd_direction kind a w0).

(** The threshold, exactly: for every step size eta > 0 and every global minimum w_min, linear or
    ReLU, w_min is stable under gradient descent (for every e > 0 there is d > 0 such that all runs
    from within d of w_min stay within e of it for ever) if and only if eta <= m/2. *)
Definition gd_stable_iff : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w_min : 'rV[R]_n),
  archimedean R -> orthonormal a -> 0 < eta -> loss kind a w_min = min_loss R m ->
  ((forall e, 0 < e -> exists2 d, 0 < d & forall w0, vnorm (w0 - w_min) <= d ->
      forall t, vnorm (gd_weights kind a eta w0 t - w_min) <= e)
   <-> eta <= m%:R / 2%:R).

(** In [relu_falls_silent] the condition on negative correlations is needed: two points in the
    plane, eta = 2, w0 = 2 a_1 - a_2 has |w0|^2 + C(w0) = 9 >= 2 + m/eta = 3, but after one step a_2
    is active. *)
Definition relu_may_flip : Prop :=
  forall (R : rcfType),
  let a := fun i : 'I_2 => delta_mx 0 i : 'rV[R]_2 in
  let w0 := 2%:R *: a ord0 - a ord_max in
  [/\ orthonormal a, 2%:R + 2%:R / 2%:R <= sqnorm w0 + energy Relu a w0 &
      eligible Relu a (gd_weights Relu a 2%:R w0 1) ord_max].

(** ** Mini-batch SGD without replacement *)

(** Mini-batch SGD with a constant step size ends, almost surely, at one data point. Orthonormal
    data, linear or ReLU, batches of b < m points, 0 < eta/b <= 1/5, |w0|^2 <= 21/20, some eligible
    point. For all e, p > 0 there is T0 such that for all T: among all sequences of T0 + T batches
    the share of those for which the weights do not stay within e of one and the same eligible point
    from step T0 on is at most p. (b < m makes m >= 2. For b = m, in particular m = 1, see
    [full_batch_limit]. What happens for eta/b > 1/5 or |w0|^2 > 21/20 is not treated here: these
    bounds are not claimed to be sharp.) *)
Definition sgd_single_point : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) w0,
  archimedean R -> orthonormal a ->
  (0 < b)%N /\ (b < m)%N -> 0 < eta /\ eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@sgd_step R m n b kind a eta) w0.

(** What [sgd_single_point] asks of the data, the start and the step size can be had: the two unit
    vectors of the plane, m = 2, b = 1, eta = 1/5, w0 = (1/2, 1/2); all points are eligible. (It
    also asks that R is archimedean, as the real numbers and the real algebraic numbers are.) *)
Definition sgd_hypotheses_met : Prop :=
  forall (R : rcfType) (kind : activation),
  let a : 'I_2 -> 'rV[R]_2 := fun i => delta_mx 0 i in
  let w0 : 'rV[R]_2 := 2%:R^-1 *: (a ord0 + a ord_max) in
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, forall i, eligible kind a w0 i
    & 0 < 5%:R^-1 :> R /\ 5%:R^-1 / 1%:R <= 5%:R^-1 :> R].

(** b < m is needed: on the full batch, b = m = 2, no weights of the run from that start are within
    1/2 (their squared distance is at least 1/2) of a data point or of the negative of one, whatever
    the step size, the activation and the length of the run. *)
Definition full_batch_fails : Prop :=
  forall (R : rcfType) (kind : activation) (eta : R),
  let a : 'I_2 -> 'rV[R]_2 := fun i => delta_mx 0 i in
  let w0 : 'rV[R]_2 := 2%:R^-1 *: (a ord0 + a ord_max) in
  forall (Bs : seq (batch 2 2)) w, w \in trajectory kind a eta w0 Bs ->
  forall i, 2%:R^-1 <= sqnorm (w - a i) /\ 2%:R^-1 <= sqnorm (w + a i).

(** With b = m there is one batch only, and SGD is gradient descent. *)
Definition full_batch_is_gd : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n) (Bs : seq (batch m m)) (t : nat), (t <= size Bs)%N ->
  nth 0 (trajectory kind a eta w0 Bs) t = gd_weights kind a eta w0 t.

(** What [sgd_single_point] leaves out, b = m, under its other hypotheses: the run (there is only
    one) converges, at least linearly, to the limit of gradient descent, the normalised active part
    of the start, which is a global minimum. It is the point a_i with the sign of <w0, a_i>, for an
    eligible i, only if i is the only eligible point ([cosines_compared]). *)
Definition full_batch_limit : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n) (draws : nat -> batch m m),
  orthonormal a -> 0 < eta -> eta / m%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  let run := iterates (sgd_step kind a eta) w0 draws in
  let limit := gd_direction kind a w0 in
  [/\ converges_linearly run limit, archimedean R -> converges_to run limit &
      loss kind a limit = min_loss R m].

(** ** Which points SGD ends at *)

(** Under the hypotheses of [sgd_single_point] every eligible point is the limit with positive
    probability: for each eligible i there is p0 > 0 such that, for every e > 0, from some time T0
    on all weights are within e of a_i (of -a_i if <w0, a_i> < 0) with probability at least p0. p0
    does not depend on e. Probability is counted as there: for all T, among all sequences of T0 + T
    batches the share for which the weights T0 .. T0 + T are all within e is at least p0. *)
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

(** The selection law exists. Under the hypotheses of [sgd_single_point], the probability that w_T
    is within e of point i (0 < e <= 1/2) converges as T grows, for every eligible i, and its limit
    does not depend on e: for all e, e' and p > 0 the probabilities at two late times T and T', with
    e and e', differ by at most p. (Stated as a Cauchy sequence, since R need not be complete.) Over
    the eligible points the limits add up to 1, and each is positive. *)
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

(** ** How fast: SGD with explicit constants *)

(** Orthonormal data a_1, .., a_m in R^n, a linear or ReLU neuron, batches of b < m points drawn
    without replacement, a constant step size with 0 < eta/b <= 1/5, a start with |w0|^2 <= 21/20
    and at least one eligible point; C0 is the start's energy, the sum of the phi(<w0, a_i>)^2.
    Choose natural numbers wake, climb, capture and halvings with
    - 9/10 <= C0 or 36 (19/20 - C0) wake_factor^wake <= p C0,
    - 1 <= capture * settle_rate and 0 < climb <= capture * capture_chance(climb),
    - 2 <= 2^halvings p,

    and let T1 = capture_time = wake + climb + capture * halvings. Then, whatever T, with a chance
    of at least 1 - p over the T1 + T batches there is one eligible point a_i such that at every
    step t from T1 to T1 + T
       |w_t - sgn<w0,a_i> a_i|^2 <= (1 - settle_rate)^(t - T1) / (2 drift_rate).
    The right side starts at 1 / (2 drift_rate), far above the greatest possible squared distance in
    the trap; so the bound says something only later, when (1 - settle_rate)^(t - T1) is below about
    8 drift_rate. T1 can be chosen from m, b, eta, p and C0 alone (C0 only through wake). R need not
    be archimedean here, but then there may be no such numbers (if it is, there are:
    [settling_time_exists]). R is real closed since the proof takes roots. *)
Definition sgd_rate : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  forall (p : R) (wake climb capture halvings : nat),
  capture_numbers m b eta (energy kind a w0) p wake climb capture halvings ->
  let T1 := capture_time wake climb capture halvings in
  forall T, chance R (T1 + T) (fun Bs : seq (batch m b) => ~~ settled_at_rate kind a eta w0
    (fun t => (1 - settle_rate m b eta) ^+ (t - T1) / (2%:R * drift_rate m b eta)) T1 Bs) <= p.

(** When: under the same hypotheses choose also natural numbers settle and refinements with
    - 1 <= settle * settle_rate and 1 <= 2^refinements * 2 drift_rate e^2.

    From step T0 = settling_time = wake + climb + capture * halvings + settle * refinements on, with
    a chance of at least 1 - p and however long one looks, all weights are within e of one and the
    same eligible point. This is [sgd_single_point] with an explicit T0. *)
Definition sgd_settling_time : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (eta : R) (w0 : 'rV[R]_n),
  orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  forall (e p : R) (wake climb capture halvings settle refinements : nat),
  capture_numbers m b eta (energy kind a w0) p wake climb capture halvings ->
  settle_numbers m b eta e settle refinements ->
  let T0 := settling_time wake climb capture halvings settle refinements in
  forall T, chance R (T0 + T) (fun Bs : seq (batch m b) => ~~ settled kind a eta w0 e T0 Bs) <= p.

(** Such numbers exist, whatever C0 > 0, e <> 0 and p > 0, if R is archimedean; climb and capture
    can be chosen for m, b and eta alone. (C0 > 0 says that some point is eligible.) *)
Definition settling_time_exists : Prop :=
  forall (R : rcfType) (m b : nat) (eta : R), archimedean R ->
  (0 < b)%N -> (b < m)%N -> 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  exists climb capture : nat, forall C0 e p : R, 0 < C0 -> e != 0 -> 0 < p ->
  exists wake halvings settle refinements : nat,
  capture_numbers m b eta C0 p wake climb capture halvings /\
  settle_numbers m b eta e settle refinements.

(** The almost sure rate, without the constants: for every r > 1 - settle_rate (r < 1 is possible,
    since settle_rate > 0) the squared distance to one and the same eligible point is, almost
    surely, at most r^t from some step on: for every p > 0 there is T0 such that for all T, with a
    chance of at least 1 - p, it is at most r^t at every step t from T0 to T0 + T. settle_rate
    depends on m, b and eta only. *)
Definition sgd_almost_sure_rate : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (eta : R) (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  forall r p : R, 1 - settle_rate m b eta < r -> 0 < p ->
  exists T0, forall T, chance R (T0 + T)
    (fun Bs : seq (batch m b) => ~~ settled_at_rate kind a eta w0 (fun t => r ^+ t) T0 Bs) <= p.

(** ** Cyclic SGD, and the random walk *)

(** *** Cyclic SGD: nothing is random *)

(** The region of weights from which cyclic SGD is studied ([in_region]) holds the unit ball, a step
    on any single point does not leave it, and it lies in the ball |w|^2 <= 1 + eta/4. *)
Definition cyclic_region : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R),
  orthonormal a -> 0 < eta -> eta <= 5%:R^-1 -> forall w : 'rV[R]_n,
  (sqnorm w <= 1 -> in_region eta w) /\
  (in_region eta w -> sqnorm w <= 1 + eta / 4%:R /\
                      forall i, in_region eta (step kind a eta [set i] w)).

(** In cyclic SGD the point that leads at its own turn wins. Orthonormal data a_0, .., a_m (m + 1
    points, at least one, in R^n), one point a step in this order, round and round, linear or ReLU,
    step size 0 < eta <= 1/5, start w0 in the region (for instance |w0| <= 1). If at some step k the
    point whose turn it is leads (the neuron responds to it, and to no point more strongly; ties are
    allowed), then w_t converges to this point, with the sign of its correlation at the start. *)
Definition cyclic_leader_at_turn : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n) (eta : R)
         (w0 : 'rV[R]_n) (k : nat),
  archimedean R ->
  orthonormal a -> 0 < eta -> eta <= 5%:R^-1 -> in_region eta w0 ->
  leads kind a (turn m k) (cyclic_sgd kind a eta w0 k) ->
  converges_to (cyclic_sgd kind a eta w0) (Num.sg (corr a w0 (turn m k)) *: a (turn m k)).

(** Cyclic SGD converges to its first point if that leads at the start: |c_0| > 0 and |c_0| >= |c_j|
    for all j, for ReLU c_0 > 0 and c_0 >= c_j for all j (ties included). Then w_t converges to
    sgn(c_0) a_0. Orthonormal data, 0 < eta <= 1/5 and a start in the region, as in
    [cyclic_leader_at_turn], whose case k = 0 this is; the start need not lie in the span of the
    data. *)
Definition cyclic_first_leader : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n) (eta : R)
         (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> 0 < eta -> eta <= 5%:R^-1 -> in_region eta w0 ->
  leads kind a ord0 w0 ->
  converges_to (cyclic_sgd kind a eta w0) (Num.sg (corr a w0 ord0) *: a ord0).

(** In cyclic SGD a margin of 1 + 2 eta is enough for a point that comes later: let the neuron
    respond to the point l at the start, let |phi(c_l)| be at least 1 + 2 eta times |phi(c_j)| for
    the points j that come before it in the order, and no smaller than |phi(c_j)| for those that
    come after it. Then w_t converges to sgn(c_l) a_l. (Orthonormal data, 0 < eta <= 1/5, a start in
    the region. Linear: |phi(c)| is |c|; ReLU: it is c where that is positive and else 0, so that
    only positive correlations count.) *)
Definition cyclic_margin : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n) (eta : R)
         (w0 : 'rV[R]_n) (l : 'I_m.+1),
  archimedean R ->
  orthonormal a -> 0 < eta -> eta <= 5%:R^-1 -> in_region eta w0 ->
  phi kind (corr a w0 l) != 0 ->
  (forall j : 'I_m.+1, (j < l)%N ->
    (1 + 2%:R * eta) * `|phi kind (corr a w0 j)| <= `|phi kind (corr a w0 l)|) ->
  (forall j : 'I_m.+1, (l < j)%N -> `|phi kind (corr a w0 j)| <= `|phi kind (corr a w0 l)|) ->
  converges_to (cyclic_sgd kind a eta w0) (Num.sg (corr a w0 l) *: a l).

(** In cyclic SGD some margin is needed, for the largest correlation alone does not win: with two
    points, eta = 1/5 and w0 = 1/2 a_0 + 101/200 a_1 the second point has the larger correlation,
    but w_t converges to a_0, whose turn comes first; linear and ReLU. *)
Definition cyclic_margin_needed : Prop :=
  forall (R : realFieldType) (n : nat) (kind : activation) (a : 'I_2 -> 'rV[R]_n),
  archimedean R -> orthonormal a ->
  let w0 := 2%:R^-1 *: a ord0 + (101%:R / 200%:R) *: a ord_max in
  [/\ in_region 5%:R^-1 w0, 0 < corr a w0 ord0, corr a w0 ord0 < corr a w0 ord_max &
      converges_to (cyclic_sgd kind a 5%:R^-1 w0) (a ord0)].

(** In cyclic SGD a point wins exactly if it leads at one of its own turns: if the neuron responds
    to some point at the start, w_t converges to a_i or to -a_i if and only if i leads at one of its
    own turns. (Whether some point ever leads at its own turn is not claimed. At most one point ever
    does so, for by [cyclic_leader_at_turn] w_t then converges to it, with the sign of c_i at the
    start; if none does, the run converges to no data point and to no opposite. That the neuron
    responds to some point at the start is needed only for ReLU at w0 = -a_i, which does not move.)
    *)
Definition cyclic_rule : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n) (eta : R)
         (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> 0 < eta -> eta <= 5%:R^-1 -> in_region eta w0 ->
  (exists j, phi kind (corr a w0 j) != 0) ->
  forall i : 'I_m.+1,
  (converges_to (cyclic_sgd kind a eta w0) (a i) \/ converges_to (cyclic_sgd kind a eta w0)
    (- a i)) <->
  exists k : nat, turn m k = i /\ leads kind a i (cyclic_sgd kind a eta w0 k).

(** In cyclic SGD some condition on the start is needed: with eta = 1/8, one data point a_0 and w0 =
    3 a_0 the point leads, but w_t does not converge to it. (That start is far outside the region;
    in between nothing is said. Why: the linear neuron alternates between 3 a_0 and -3 a_0, ReLU
    stays at -3 a_0.) *)
Definition cyclic_region_needed : Prop :=
  forall (R : realFieldType) (n : nat) (kind : activation) (a : 'I_1 -> 'rV[R]_n), orthonormal a ->
  let w0 := 3%:R *: a ord0 in
  leads kind a ord0 w0 /\
  ~ converges_to (cyclic_sgd kind a 8%:R^-1 w0) (Num.sg (corr a w0 ord0) *: a ord0).

(** In cyclic SGD some bound on the step size is needed: with eta = 1, one data point a_0 and w0 = r
    a_0, r the root of 1/2, the point leads and |w0| < 1, but w_t does not converge to a_0. (Why:
    from step 1 on w_t is 2 r a_0 or -2 r a_0.) *)
Definition cyclic_step_size_needed : Prop :=
  forall (R : rcfType) (n : nat) (kind : activation) (a : 'I_1 -> 'rV[R]_n), orthonormal a ->
  let w0 := Num.sqrt 2%:R^-1 *: a ord0 in
  [/\ sqnorm w0 < 1, leads kind a ord0 w0 &
      ~ converges_to (cyclic_sgd kind a 1 w0) (Num.sg (corr a w0 ord0) *: a ord0)].

(** *** The random walk, in multiplicative form

    Ghosh and others study R_t = log V_t, V_t the largest |phi(c_l)| over the sum of the others, as
    a random walk. Here V itself is used: what is added to R_t multiplies V_t. *)

(** The increments of the walk log V_t are bounded. One step from any w with |w|^2 <= 21/20 on any
    batch, of any size b, with alpha = eta/b <= 1/5, multiplies the lead of every single point, and
    the largest lead, by a factor between 1/(1 + 2 alpha) and 1 + 2 alpha. (So R_t changes by at
    most log(1 + 2 alpha).) *)
Definition walk_bounded : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
         (B : {set 'I_m}) (w : 'rV[R]_n),
  orthonormal a -> 0 <= eta -> eta / #|B|%:R <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  let factor := 1 + 2%:R * (eta / #|B|%:R) in
  let next := step kind a eta B w in
  (forall l, lead_over kind a l next <= factor * lead_over kind a l w /\
             lead_over kind a l w <= factor * lead_over kind a l next) /\
  largest_lead kind a next <= factor * largest_lead kind a w /\
  largest_lead kind a w <= factor * largest_lead kind a next.

(** The walk is bounded below: at weights w where at least two of the m points are active, the
    largest lead V is at least 1/(m - 1), so that R = log V >= - log (m - 1). *)
Definition walk_least : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n)
         (i j : 'I_m),
  i != j -> phi kind (corr a w i) != 0 -> phi kind (corr a w j) != 0 ->
  1 <= (m%:R - 1) * largest_lead kind a w.

(** If V_t, the largest lead of a point over the sum of its rivals ([largest_lead]), tends to
    infinity, for whatever sequence of batches, whatever their sizes, with eta/b <= 1/5 for each of
    them and |w0|^2 <= 21/20, then w_t converges to a single data point that the neuron responds to
    at the start, with the sign of its correlation there. A statement about every single run:
    nothing is random. (With x/0 = 0, V_t > 0 implies that at least two points are active.) *)
Definition walk_suffices : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
         (Bs : nat -> {set 'I_m}) (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> 0 < eta -> (forall t, eta / #|Bs t|%:R <= 5%:R^-1) ->
    sqnorm w0 <= 21%:R / 20%:R ->
  (forall K : R, exists T, forall t, (T <= t)%N ->
     K <= largest_lead kind a (run_batches kind a eta Bs w0 t)) ->
  exists l, phi kind (corr a w0 l) != 0 /\
            converges_to (run_batches kind a eta Bs w0) (Num.sg (corr a w0 l) *: a l).

(** A sufficient condition for convergence to a given point l, also without a second active point:
    with eta/b <= 1/5 for every batch and |w0|^2 <= 21/20, if the neuron responds to l at the start,
    |phi(c_l)| outgrows every multiple of the sum of the other |phi(c_j)|, and l is in infinitely
    many batches, then w_t converges to sgn(c_l) a_l. *)
Definition walk_suffices_point : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
         (Bs : nat -> {set 'I_m}) (w0 : 'rV[R]_n) (l : 'I_m),
  archimedean R ->
  orthonormal a -> 0 < eta -> (forall t, eta / #|Bs t|%:R <= 5%:R^-1) ->
    sqnorm w0 <= 21%:R / 20%:R ->
  phi kind (corr a w0 l) != 0 ->
  (forall K : R, exists T, forall t, (T <= t)%N ->
     K * rivals_sum kind a l (run_batches kind a eta Bs w0 t) <=
       `|phi kind (corr a (run_batches kind a eta Bs w0 t) l)|) ->
  (forall T, exists2 t, (T <= t)%N & l \in Bs t) ->
  converges_to (run_batches kind a eta Bs w0) (Num.sg (corr a w0 l) *: a l).

(** Multiplicative random walks are captured: an abstract lemma. A chain: in each step one of
    finitely many equally likely draws o moves the state w to [next o w]; [possible] states lead to
    possible states. X > 0 is a function of the possible states, and Y = X^(s/r) one of its powers,
    s, r > 0 natural numbers (Y^r = X^s). Suppose that, wherever X <= level, the factor by which a
    step multiplies Y has a mean of at most q < 1, and that from every possible state a state with X
    <= level can be reached by at most M draws. Then X tends to 0 almost surely: for all e, p > 0
    there is T0 such that for all T the share of those sequences of T0 + T draws in which X is e or
    more at some time from T0 on is at most p. Nothing is assumed of X above the level; increments
    need not be bounded. (No statement here applies it to X = 1/V_t of the walk.) *)
Definition walk_captured : Prop :=
  forall (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W) (possible : W -> Prop)
         (X Y : W -> R) (s r M : nat) (level q : R) (w0 : W),
  archimedean R -> (0 < #|Om|)%N ->
  (forall o w, possible w -> possible (next o w)) ->
  (forall w, possible w -> 0 < X w) -> (forall w, possible w -> 0 < Y w) ->
  (0 < s)%N -> (0 < r)%N -> (forall w, possible w -> Y w ^+ r = X w ^+ s) ->
  0 < level -> q < 1 ->
  (forall w, possible w -> X w <= level -> mean (fun o => Y (next o w) / Y w) <= q) ->
  (forall w, possible w -> exists2 draws : seq Om, (size draws <= M)%N & X (run next w draws) <=
    level) ->
  possible w0 -> vanishes_almost_surely next X w0.

(** The lead of one point tends to infinity, almost surely: mini-batch SGD without replacement under
    the hypotheses of its convergence theorem. For all K and all p > 0 there is T0 such that for all
    T, but for a share of at most p of the sequences of T0 + T batches, there is one eligible point
    l with |phi(c_l)| >= K sum_{j != l} |phi(c_j)| at all times from T0 to T0 + T; that is V >= K if
    two points are active. (A corollary of [sgd_single_point], since near a data point its lead is
    large; it is not proved through the walk.) *)
Definition walk_unbounded : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
         (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N /\ (b < m)%N ->
  0 < eta /\ eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  forall K p : R, 0 < p -> exists T0, forall T,
  chance R (T0 + T) (fun Bs : seq (batch m b) => ~~ [exists l, eligible kind a w0 l &&
     all (fun w => K * rivals_sum kind a l w <= `|phi kind (corr a w l)|)
         (drop T0 (trajectory kind a eta w0 Bs))]) <= p.

(** ** Mini-batch SGD with replacement, and with random step sizes *)

(** Mini-batch SGD with replacement ends at one data point, almost surely. Orthonormal data a_1 ..
    a_m in R^n, the linear neuron or ReLU; each step draws a list of b >= 1 of the m points,
    repetitions allowed, all m^b lists equally likely, and all steps independent; it moves by the
    mean of the b gradients, times the constant step size eta, 0 < eta <= 1/5 (a bound on eta, where
    without replacement it is eta/b that is at most 1/5). The start w0 has |w0|^2 <= 21/20 and at
    least one eligible point (linear: <w0, a_i> <> 0; ReLU: > 0). Then for all e, p > 0 there is T0
    such that for all T: the share of those sequences of T0 + T draws for which the weights are NOT,
    from step T0 on, within e of one and the same eligible point (a_i, or -a_i where <w0, a_i> < 0)
    is at most p. Every m, n and b >= 1 is included: m = 1, b = m (full size, but not the full
    batch) and b > m. Archimedes' property: true of the real numbers. *)
Definition sgd_with_replacement : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N ->
  0 < eta -> eta <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@replacement_step R m n kind a eta b) w0.

(** The general theorem: SGD whose step takes the gradient of each point with a random step size of
    its own ends at one data point, almost surely, if these step sizes are exchangeable, between 0
    and 1/5 (both said by [exchangeable]) and uneven: some outcome gives two points different step
    sizes (one point: some outcome gives it one other than 0). Orthonormal data, the linear neuron
    or ReLU, a start with |w0|^2 <= 21/20 and an eligible point, and the conclusion are as in
    [sgd_with_replacement]. Batches with and without replacement and Poisson sampling are cases,
    random batch sizes and learning rates too. *)
Definition sgd_random_step_sizes : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n)
    (Om : finType) (lambda : Om -> 'I_m -> R),
  archimedean R -> orthonormal a -> exchangeable lambda ->
    uneven lambda ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (random_step kind a lambda) w0.

(** For SGD with random step sizes, unevenness is needed, for every m >= 2: if all outcomes treat
    all points alike (whatever the step sizes: the full batch, with any learning rates), there are
    orthonormal data and a start inside the ball with all points eligible from which the run does
    not end at one data point. *)
Definition even_step_sizes_fail : Prop :=
  forall (R : realFieldType) (m : nat) (kind : activation) (Om : finType)
    (lambda : Om -> 'I_m -> R),
  (1 < m)%N -> (0 < #|Om|)%N -> (forall o i j, lambda o i = lambda o j) ->
  exists (a : 'I_m -> 'rV[R]_m) (w0 : 'rV[R]_m),
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R, forall i, eligible kind a w0 i &
      ~ ends_at_one_point kind a (random_step kind a lambda) w0].

(** For SGD with random step sizes, two points that are always treated alike keep their tie: if
    every outcome treats the two points i and j alike (whatever it does with the others), there are
    orthonormal data and a start inside the ball, with just these two points eligible, from which
    the run does not end at one data point. (Hence, for m >= 3, unevenness alone is not enough; with
    exchangeability it excludes this for every pair.) *)
Definition alike_points_fail : Prop :=
  forall (R : realFieldType) (m : nat) (kind : activation) (Om : finType) (lambda : Om -> 'I_m -> R)
    (i j : 'I_m),
  i != j -> (0 < #|Om|)%N -> (forall o, lambda o i = lambda o j) ->
  exists (a : 'I_m -> 'rV[R]_m) (w0 : 'rV[R]_m),
  [/\ orthonormal a, sqnorm w0 <= 21%:R / 20%:R,
      forall k, eligible kind a w0 k = (k == i) || (k == j) &
      ~ ends_at_one_point kind a (random_step kind a lambda) w0].

(** SGD with Poisson sampling ends at one data point, almost surely: each point is taken,
    independently, with probability k/d strictly between 0 and 1, and the weights take a step of
    size alpha, 0 < alpha <= 1/5, along minus the gradient of each taken point. Orthonormal data,
    the linear neuron or ReLU, |w0|^2 <= 21/20 and at least one eligible point. *)
Definition sgd_poisson : Prop :=
  forall (R : rcfType) (m n d k : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (alpha : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < k)%N -> (k < d)%N ->
  0 < alpha -> alpha <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@poisson_step R m n kind a alpha d k) w0.

(** Mini-batch SGD without replacement ends at one data point, almost surely, as a case of the
    general theorem [sgd_random_step_sizes]. (A corollary: [sgd_single_point] again, with the same
    hypotheses, proved in the other way.) *)
Definition sgd_without_replacement : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
    (exists i, eligible kind a w0 i) ->
  ends_at_one_point kind a (@sgd_step R m n b kind a eta) w0.

(** A step of SGD with replacement, in closed form, for orthonormal data: with S the sum over the
    list of phi(c_k)^2, alpha = eta/b and mu_j the multiplicity of j, every correlation becomes c_j
    <- (1 - alpha S) c_j + alpha mu_j (2 - |w|^2) phi(c_j). For every w, eta and list. *)
Definition replacement_step_closed_form : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (s : draw m b) (w : 'rV[R]_n) (j : 'I_m), orthonormal a ->
  let S := \sum_(k <- s) phi kind (corr a w k) ^+ 2 in
  corr a (replacement_step kind a eta s w) j = (1 - eta / b%:R * S) * corr a w j
    + eta / b%:R * (multiplicity s j)%:R * (2%:R - sqnorm w) * phi kind (corr a w j).

(** A step with any step sizes between 0 and 1/5, one for each point, is trapped: for orthonormal
    data and |w|^2 <= 21/20 the step does not lead out of |w|^2 <= 21/20, changes the sign of no
    correlation, and does not take the energy C below a level that it has reached, for levels up to
    9/10. *)
Definition own_steps_trap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (lambda : 'I_m -> R) (w : 'rV[R]_n),
  orthonormal a -> (forall i, 0 <= lambda i) -> (forall i, lambda i <= 5%:R^-1) ->
  sqnorm w <= 21%:R / 20%:R -> let w' := own_steps kind a lambda w in
  [/\ sqnorm w' <= 21%:R / 20%:R, forall j, Num.sg (corr a w' j) = Num.sg (corr a w j) &
      forall level, level <= 9%:R / 10%:R -> level <= energy kind a w -> level <= energy kind a w'].

(** A step of SGD with replacement is trapped (a corollary of [own_steps_trap]): for orthonormal
    data, |w|^2 <= 21/20, every b and 0 <= eta <= 1/5 the step does not lead out of |w|^2 <= 21/20,
    changes the sign of no correlation, and does not take the energy C below a level that it has
    reached, for levels up to 9/10. *)
Definition replacement_trap : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (s : draw m b) (w : 'rV[R]_n), orthonormal a ->
  0 <= eta -> eta <= 5%:R^-1 -> sqnorm w <= 21%:R / 20%:R ->
  let w' := replacement_step kind a eta s w in
  [/\ sqnorm w' <= 21%:R / 20%:R, forall j, Num.sg (corr a w' j) = Num.sg (corr a w j) &
      forall level, level <= 9%:R / 10%:R -> level <= energy kind a w -> level <= energy kind a w'].

(** The noise of sampling with replacement: over all m^b lists, the covariance matrix of the mean of
    any vectors g_1 .. g_m is 1/b times their (population) covariance matrix, for all b >= 1.
    (Without replacement: (m - b)/(b (m - 1)), [batch_covariance_factor].) *)
Definition replacement_covariance : Prop :=
  forall (R : realFieldType) (m n b : nat) (g : 'I_m -> 'rV[R]_n), (0 < b)%N ->
  list_covariance b g = b%:R^-1 *: covariance g.

(** At a global minimum w the noise of mini-batch SGD with replacement, the trace of the covariance
    of the batch gradient, is (1 - sum_i phi(c_i)^4) / (m b). (A corollary of
    [replacement_covariance] and [noise_trace].) *)
Definition replacement_noise_at_minimum : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (w : 'rV[R]_n),
  orthonormal a -> (0 < b)%N -> loss kind a w = min_loss R m ->
  \tr (list_covariance b (fun i => sample_gradient kind a i w)) =
    (1 - \sum_i phi kind (corr a w i) ^+ 4) / (m%:R * b%:R).

(** An eligible point is needed for SGD with replacement to end at a data point: without one no step
    moves the start w0, whatever is drawn, and w0 is no data point (linear: and no opposite of one).
    Orthonormal data. *)
Definition replacement_needs_eligible : Prop :=
  forall (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  orthonormal a -> (forall i, ~~ eligible kind a w0 i) ->
  (forall s : draw m b, replacement_step kind a eta s w0 = w0) /\
  forall i, w0 != a i /\ (kind = Linear -> w0 != - a i).

(** For SGD with replacement some bound on the start is needed, for every step size: with m = n = 1
    there is a start with |w0|^2 = 1 + 1/(2 eta) whose point is eligible and from which the run does
    not end at it, whatever b >= 1 and the activation. (Why: the first step leads to 0, and the run
    stays there. For eta <= 1/5 this |w0|^2 is at least 7/2; between 21/20 and 1 + 1/(2 eta) nothing
    is said. With eta = 10 it is 21/20: so inside the ball some bound on the step size is needed,
    too. The bound 1/5 is what the trap's proof needs; the sharp one is not known here.) *)
Definition replacement_needs_ball : Prop :=
  forall (R : rcfType) (b : nat) (kind : activation) (eta : R), (0 < b)%N -> 0 < eta ->
  exists (a : 'I_1 -> 'rV[R]_1) (w0 : 'rV[R]_1), [/\ orthonormal a, sqnorm w0 = 1 + (2%:R * eta)^-1,
    exists i, eligible kind a w0 i & ~ ends_at_one_point kind a
      (@replacement_step R 1 1 kind a eta b) w0].

(** The hypotheses of [sgd_with_replacement] on data, step size and start can be met, with all
    points eligible, for every m >= 1 and n = m. *)
Definition replacement_hypotheses_met : Prop :=
  forall (R : realFieldType) (m : nat) (kind : activation), (0 < m)%N ->
  exists (a : 'I_m -> 'rV[R]_m) (w0 : 'rV[R]_m) (eta : R),
  [/\ orthonormal a, 0 < eta /\ eta <= 5%:R^-1, sqnorm w0 <= 21%:R / 20%:R &
      forall i, eligible kind a w0 i].

(** ** Along infinite sequences of batches *)

(** Mini-batch SGD converges to one data point, almost surely. Orthonormal data a_1, .., a_m in R^n,
    a linear or ReLU neuron, batches of b < m points drawn without replacement, independently and
    uniformly, a constant step size with 0 < eta/b <= 1/5, a start with |w0|^2 <= 21/20 and at least
    one eligible point (linear: <w0, a_i> <> 0; ReLU: > 0). Then along almost every infinite
    sequence of batches (all but a null set of sequences) the weights w_0, w_1, .. converge, and the
    limit is one of the eligible points, with the sign of <w0, a_i>. (The bound is on eta/b; with
    replacement it is eta that is at most 1/5. For one point, m = b = 1, see
    [sgd_with_replacement_converges].) *)
Definition sgd_converges_almost_surely : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  converges_to_one_point kind a (@sgd_step R m n b kind a eta) w0.

(** The convergence of mini-batch SGD to one data point is exponential, almost surely: under the
    hypotheses of [sgd_converges_almost_surely], along almost every infinite sequence of batches
    there are one eligible point a_i and a step T1 such that, at every step t >= T1, |w_t -
    sgn<w0,a_i> a_i|^2 <= (1 - settle_rate)^(t - T1) / (2 drift_rate) with the explicit constants 0
    < settle_rate <= 1/5000 and drift_rate > 0, which depend on m, b and eta only; and so, for every
    r > 1 - settle_rate, |w_t - sgn<w0,a_i> a_i|^2 <= r^t from some step on. One null set serves for
    all r. *)
Definition sgd_converges_exponentially : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R ->
  (exists i, eligible kind a w0 i) ->
  0 < drift_rate m b eta /\ 0 < settle_rate m b eta <= 1 / 5000%:R /\
  almost_surely (fun draws : nat -> batch m b => exists i, eligible kind a w0 i /\
    let w := iterates (@sgd_step R m n b kind a eta) w0 draws in
    let distance2 t := sqnorm (w t - signed_point a w0 i) in
    (exists T1, forall t, (T1 <= t)%N ->
      distance2 t <= (1 - settle_rate m b eta) ^+ (t - T1) / (2%:R * drift_rate m b eta)) /\
    (forall r, 1 - settle_rate m b eta < r ->
      exists T, forall t, (T <= t)%N -> distance2 t <= r ^+ t)).

(** SGD finds a global minimum, almost surely, whatever the batch size: orthonormal data, a linear
    or ReLU neuron, batches of 1 <= b <= m points drawn without replacement (b = m: gradient
    descent), a constant step size with 0 < eta/b <= 1/5, a start with |w0| <= 1 and at least one
    eligible point. Then along almost every infinite sequence of batches the weights converge to a
    global minimum of the loss. *)
Definition finds_minimum : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R ->
  orthonormal a -> (0 < b)%N -> (b <= m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm w0 <= 1 ->
  (exists i, eligible kind a w0 i) ->
  almost_surely (fun draws : nat -> batch m b => exists w,
    (forall v, loss kind a w <= loss kind a v) /\
    converges_to (iterates (@sgd_step R m n b kind a eta) w0 draws) w).

(** For the convergence of mini-batch SGD to a data point, b < m is needed: with b = m (gradient
    descent; there is one batch only, so that there is one sequence of batches only) the weights do
    not converge to an eligible point whenever there are two of them. Here 0 < eta/m <= 1/5 and |w0|
    <= 1. *)
Definition full_batch_no_data_point : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n) (i j : 'I_m),
  orthonormal a -> 0 < eta -> eta / m%:R <= 5%:R^-1 ->
  sqnorm w0 <= 1 ->
  i != j -> eligible kind a w0 i -> eligible kind a w0 j ->
  ~ converges_to_one_point kind a (@sgd_step R m n m kind a eta) w0.

(** The complement of a null set is not empty, even inside any cylinder: if almost all sequences of
    draws have a property, every word of draws can be continued to a sequence that has it. This is a
    theorem of classical mathematics: it needs the hypothesis that every property of natural numbers
    has a characteristic function; no other theorem here needs that. *)
Definition almost_surely_not_void : Prop :=
  forall (Om : finType) (property : (nat -> Om) -> Prop) (word : seq Om), (0 < #|Om|)%N ->
  (forall Q : nat -> Prop, exists f : nat -> bool, forall k, f k <-> Q k) ->
  almost_surely property -> exists draws, mkseq draws (size word) = word /\ property draws.

(** SGD with random step sizes converges to one data point, almost surely and exponentially. Each
    step takes the gradient of each point with a random step size of its own; the outcomes are
    equally likely, the steps independent. If the step sizes are exchangeable, between 0 and 1/5 and
    uneven (some outcome gives two points different step sizes; one point: some outcome gives it one
    other than 0), then along almost every infinite sequence of outcomes the weights converge
    exponentially to one data point: there is a rate r < 1, for these step sizes, such that for all
    orthonormal data a_1, .., a_m in any R^n, the linear neuron and ReLU, and every start with
    |w0|^2 <= 21/20 and at least one eligible point (linear: <w0, a_i> <> 0; ReLU: > 0), almost
    surely there is one eligible point a_i to which w_t converges (to -a_i if <w0, a_i> is
    negative), and the squared distance is at most r^t from some step on. *)
Definition sgd_random_steps_converge : Prop :=
  forall (R : rcfType) (m : nat) (Om : finType) (lambda : Om -> 'I_m -> R),
  archimedean R -> exchangeable lambda -> uneven lambda ->
  exists r : R, 0 < r < 1 /\
  forall (n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  orthonormal a -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  converges_to_one_point kind a (random_step kind a lambda) w0 /\
  converges_like kind a (random_step kind a lambda) w0 r.

(** SGD with replacement converges to one data point, almost surely and exponentially: each step
    draws b >= 1 of the m points independently and uniformly, repetitions allowed, and takes the
    mean of their gradients times the step size eta, 0 < eta <= 1/5. Then there is a rate r < 1, for
    these m, b and eta, such that for all orthonormal data, the linear neuron and ReLU, and every
    start with |w0|^2 <= 21/20 and an eligible point, almost surely w_t converges to one eligible
    point (with its sign), and the squared distance is at most r^t from some step on. Every b >= 1
    is included, b = m and b > m too. (A case of [sgd_random_steps_converge].) *)
Definition sgd_with_replacement_converges : Prop :=
  forall (R : rcfType) (m b : nat) (eta : R),
  archimedean R -> (0 < m)%N -> (0 < b)%N ->
  0 < eta -> eta <= 5%:R^-1 ->
  exists r : R, 0 < r < 1 /\
  forall (n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  orthonormal a -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  converges_to_one_point kind a (@replacement_step R m n kind a eta b) w0 /\
  converges_like kind a (@replacement_step R m n kind a eta b) w0 r.

(** SGD with Poisson sampling converges to one data point, almost surely and exponentially, in the
    sense of [sgd_random_steps_converge], whose case it is: each point is taken independently with
    probability k/d strictly between 0 and 1, and the weights take a step of size alpha, 0 < alpha
    <= 1/5, along minus the gradient of each taken point. *)
Definition sgd_poisson_converges : Prop :=
  forall (R : rcfType) (m d k : nat) (alpha : R),
  archimedean R -> (0 < m)%N -> (0 < k)%N -> (k < d)%N ->
  0 < alpha -> alpha <= 5%:R^-1 ->
  exists r : R, 0 < r < 1 /\
  forall (n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  orthonormal a -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  converges_to_one_point kind a (@poisson_step R m n kind a alpha d k) w0 /\
  converges_like kind a (@poisson_step R m n kind a alpha d k) w0 r.

(** SGD with replacement finds a global minimum of the loss, almost surely, whatever the batch size
    b >= 1: the weights converge along almost every infinite sequence of draws, and their limit is
    one. Orthonormal data, the linear neuron or ReLU, 0 < eta <= 1/5, |w0|^2 <= 21/20 and at least
    one eligible point. *)
Definition finds_minimum_with_replacement : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N ->
  0 < eta -> eta <= 5%:R^-1 -> sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  almost_surely (fun draws : nat -> draw m b => exists w,
    (forall v, loss kind a w <= loss kind a v) /\
    converges_to (iterates (@replacement_step R m n kind a eta b) w0 draws) w).

(** ** The Hessian of the linear neuron *)

(** The closed form of the Hessian of the linear neuron is the derivative of the gradient of its
    loss, at every w (orthonormal data). *)
Definition hessian_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> is_derivative (gradient Linear a) w (hessian a w).

(** The trace of the Hessian of the linear neuron at w, with orthonormal data, is ((N - 2) m + 4 C +
    C n) / m, N = |w|^2 and C the energy. *)
Definition hessian_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N ->
  \tr (hessian a w) =
    ((sqnorm w - 2%:R) * m%:R + 4%:R * energy Linear a w + energy Linear a w * n%:R) / m%:R.

(** Every global minimum of the linear neuron has the same trace of the Hessian, (n + 4 - m) / m. (A
    corollary of [hessian_kappa_trace] and [hessian_kappa_linear].) *)
Definition hessian_trace_at_minima : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> loss Linear a w = min_loss R m ->
  \tr (hessian a w) = (n%:R + 4%:R - m%:R) / m%:R.

(** ** Hessians at kinks, spectrum, and the sharpness theorem *)

(** The function [curvature] is the slope of phi, and phi is the derivative of phi^2/2: close to t
    (for every s with |s| < |t|, and for the linear neuron for every s) phi(t + s) = phi(t) +
    curvature(t) s, whatever kappa is; at the kink, phi(s) = s for s >= 0 and phi(s) = 0 for s <= 0,
    so that the slopes of the two sides are the curvatures with kappa = 1 and kappa = 0; and the
    remainder of phi^2 after its linear part is between 0 and s^2. *)
Definition curvature_is_slope : Prop :=
  forall (R : realFieldType) (kind : activation) (kappa t s : R),
  [/\ `|s| < `|t| \/ kind = Linear -> phi kind (t + s) = phi kind t + curvature kind kappa t * s,
      0 <= s -> phi kind s = phi kind 0 + curvature kind 1 0 * s,
      s <= 0 -> phi kind s = phi kind 0 + curvature kind 0 0 * s
    & 0 <= phi kind (t + s) ^+ 2 - phi kind t ^+ 2 - 2%:R * phi kind t * s <= s ^+ 2].

(** For the linear neuron, every kappa gives the same Hessian, [hessian]. *)
Definition hessian_kappa_linear : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (kappa : R) (w : 'rV[R]_n),
  hessian_kappa Linear a kappa w = hessian a w.

(** The loss has one-sided second derivatives at every w, for either activation: the gradient
    field has a directional derivative at w that is uniform in the direction (Bouligand's
    derivative), gradient(w + h) = gradient(w) + h H(w; h) + o(|h|) over all h, H(w; h) the
    Hessian in which a kink (<w, a_i> = 0) has curvature 1 if <h, a_i> > 0, else 0. Hence, at the
    kinks: on the cone where all <h, a_i> >= 0 the Hessian with kappa = 1 is the derivative, on
    the opposite cone the one with kappa = 0 is, and kappa = 1/2 gives the mean of the two. *)
Definition one_sided_hessians : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n),
  orthonormal a ->
  [/\ forall e, 0 < e -> exists2 d, 0 < d & forall h, sqnorm h <= d ->
        sqnorm (gradient kind a (w + h) - gradient kind a w - h *m hessian_towards kind a w h)
          <= e * sqnorm h,
      is_derivative_on (fun h => forall i, corr a w i = 0 -> 0 <= corr a h i)
        (gradient kind a) w (hessian_kappa kind a 1 w),
      is_derivative_on (fun h => forall i, corr a w i = 0 -> corr a h i <= 0)
        (gradient kind a) w (hessian_kappa kind a 0 w)
    & hessian_kappa kind a 2%:R^-1 w
        = 2%:R^-1 *: (hessian_kappa kind a 1 w + hessian_kappa kind a 0 w)].

(** The gradient of the loss has a (Frechet) derivative at w exactly if w is at no kink, or |w|^2 =
    2, where the factor of the kinks vanishes; then it is the Hessian for every kappa. (The linear
    neuron has no kinks: it is so everywhere.) *)
Definition twice_differentiable : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n),
  orthonormal a ->
  ((exists H, is_derivative (gradient kind a) w H) <-> ~~ at_kink kind a w \/ sqnorm w = 2%:R) /\
  (forall H, is_derivative (gradient kind a) w H -> forall kappa, H = hessian_kappa kind a kappa w).

(** The trace of the Hessian at a global minimum, with the value kappa at the kinks, is (n + 4 - k -
    kappa (m - k))/m, k the number of points at which phi has slope 1; this is all m points for the
    linear neuron, so that the trace is (n + 4 - m)/m. *)
Definition hessian_kappa_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kappa : R) (w : 'rV[R]_n),
  orthonormal a -> loss kind a w = min_loss R m ->
  let k := active_count kind a w in
  \tr (hessian_kappa kind a kappa w) = (n%:R + 4%:R - k%:R - kappa * (m%:R - k%:R)) / m%:R.

(** The eigenvalues of the Hessian at a global minimum, with the value kappa at the kinks, are 4/m
    (once), 0 (k - 1 times), (1 - kappa)/m (m - k times) and 1/m (n - m times), k the number of
    points at which phi has slope 1: this is the characteristic polynomial. Here 1 <= k <= m <= n,
    so that no subtraction is cut off. *)
Definition hessian_kappa_spectrum : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kappa : R) (w : 'rV[R]_n),
  orthonormal a -> loss kind a w = min_loss R m ->
  let k := active_count kind a w in
  (1 <= k <= m)%N /\ (m <= n)%N /\
  char_poly (hessian_kappa kind a kappa w) =
    ('X - (4%:R / m%:R)%:P) * 'X ^+ (k - 1)
    * ('X - ((1 - kappa) / m%:R)%:P) ^+ (m - k) * ('X - (1 / m%:R)%:P) ^+ (n - m).

(** The top of the Hessian's spectrum is the same at all global minima. For 0 <= kappa <= 1: the
    Hessian is symmetric and positive semidefinite, its quadratic form is at most (4/m)|h|^2, 4/m is
    an eigenvalue, with eigenvector w, and every other eigenvalue lies between 0 and 1/m. *)
Definition top_eigenvalue : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kappa : R) (w : 'rV[R]_n),
  orthonormal a -> loss kind a w = min_loss R m -> 0 <= kappa -> kappa <= 1 ->
  let H := hessian_kappa kind a kappa w in
  [/\ H^T = H,
      forall h, 0 <= dot (h *m H) h <= 4%:R / m%:R * sqnorm h,
      w *m H = (4%:R / m%:R) *: w,
      eigenvalue H (4%:R / m%:R)
    & forall l, eigenvalue H l -> l = 4%:R / m%:R \/ 0 <= l <= 1 / m%:R].

(** The gap of the traces between minima: the Hessian's trace at a data point exceeds that at a
    global minimum w by (1 - kappa)(k - 1)/m for ReLU, k the number of points active at w, and by
    0 for the linear neuron. For ReLU and kappa < 1 the gap is positive exactly if k > 1. *)
Definition sharpness_gap : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kappa : R) (w : 'rV[R]_n) (i : 'I_m),
  orthonormal a -> loss kind a w = min_loss R m ->
  let k := active_count kind a w in
  let gap := \tr (hessian_kappa kind a kappa (a i)) - \tr (hessian_kappa kind a kappa w) in
  gap = (if kind is Relu then (1 - kappa) * (k%:R - 1) / m%:R else 0) /\
  (kind = Relu -> kappa < 1 -> (0 < gap) = (1 < k)%N).

(** The trace of the mean of the one-sided Hessians of ReLU (kappa = 1/2) is (2n + 8 - m - k)/(2m)
    at a global minimum, k the number of points active there, and (2n + 7 - m)/(2m) at a data point.
    (A corollary: kappa = 1/2 in [hessian_kappa_trace] and [data_point_trace].) *)
Definition mean_hessian_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n) (i : 'I_m),
  orthonormal a -> loss Relu a w = min_loss R m ->
  let k := #|[set j | 0 < corr a w j]| in
  \tr (hessian_kappa Relu a 2%:R^-1 w) = (2%:R * n%:R + 8%:R - m%:R - k%:R) / (2%:R * m%:R) /\
  \tr (hessian_kappa Relu a 2%:R^-1 (a i)) = (2%:R * n%:R + 7%:R - m%:R) / (2%:R * m%:R).

(** Gradient descent on all m points (step size eta, 0 < eta <= m/4, from a start w0 with |w0|^2 + C
    <= 2 that is active on some point) converges. Its limit is the active part of the start divided
    by its length; it is a global minimum, at which the same points are active as at the start, and
    the trace of the Hessian there is (n + 4 - k - kappa (m - k))/m with k of the start, the number
    of points at which phi has slope 1: for ReLU those with <w0, a_i> > 0, for the linear neuron all
    m. *)
Definition gd_limit_trace : Prop :=
  forall (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a ->
  0 < eta -> eta <= m%:R / 4%:R ->
  sqnorm w0 + energy kind a w0 <= 2%:R -> (exists i, eligible kind a w0 i) ->
  let v := (Num.sqrt (energy kind a w0))^-1 *: active_part kind a w0 in
  let k := active_count kind a w0 in
  [/\ converges_to (gd_weights kind a eta w0) v,
      loss kind a v = min_loss R m,
      forall i, (phi kind (corr a v i) != 0) = eligible kind a w0 i,
      active_count kind a v = k
    & forall kappa, \tr (hessian_kappa kind a kappa v)
        = (n%:R + 4%:R - k%:R - kappa * (m%:R - k%:R)) / m%:R].

(** The data points (linear: and their opposites) are global minima; one point is active there for
    ReLU, so the trace of the Hessian is (n + 3 - kappa (m - 1))/m; for the linear neuron it is (n +
    4 - m)/m. *)
Definition data_point_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (i : 'I_m) (v : 'rV[R]_n),
  orthonormal a -> v = a i \/ (kind = Linear /\ v = - a i) ->
  loss kind a v = min_loss R m /\
  forall kappa, \tr (hessian_kappa kind a kappa v) =
    if kind is Relu then (n%:R + 3%:R - kappa * (m%:R - 1)) / m%:R
    else (n%:R + 4%:R - m%:R) / m%:R.

(** The sharpness theorem. Orthonormal data a_1 .. a_m in R^n, linear or ReLU; gradient descent
    (step size eta, 0 < eta <= m/4) and SGD (batches of b of the m points, 1 <= b < m, step size
    eta' with 0 < eta' and eta'/b <= 1/5) run from the same start w0, |w0|^2 <= 21/20, |w0|^2 + C
    <= 2 (both hold if |w0| <= 1), active on some point. Let k be the number of points with
    <w0, a_i> > 0 (ReLU), k = m (linear). Then
    (1) gradient descent converges to a global minimum v;
    (2) SGD ends almost surely at one data point v' (linear: or its opposite) that is active at
        the start, which is a global minimum: for all e, p > 0 there is T0 such that for all T the
        share of batch sequences of length T0 + T that do not stay within e of one such v' from T0
        on is at most p (for infinite sequences of batches: [sgd_converges_almost_surely]);
    (3) for every value kappa at the kinks, the trace of the Hessian is
        ReLU: (n + 4 - k - kappa (m - k))/m at v and (n + 3 - kappa (m - 1))/m at each v': SGD's
        exceeds gradient descent's by (1 - kappa)(k - 1)/m;
        linear: (n + 4 - m)/m at both, no difference;
    (4) for every kappa >= -3 the largest eigenvalue is 4/m at v and at each v': it sees no
        difference. (For ReLU and m > 1 it is larger at v' if kappa < -3: [kappa_range_needed].) *)
Definition sharpness_theorem : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta eta' : R)
    (w0 : 'rV[R]_n),
  archimedean R -> orthonormal a ->
  0 < eta -> eta <= m%:R / 4%:R ->
  (0 < b)%N -> (b < m)%N -> 0 < eta' -> eta' / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> sqnorm w0 + energy kind a w0 <= 2%:R ->
  (exists i, eligible kind a w0 i) ->
  let k := active_count kind a w0 in
  let trace kappa v := \tr (hessian_kappa kind a kappa v) in
  let top kappa v l := eigenvalue (hessian_kappa kind a kappa v) l /\
    forall l', eigenvalue (hessian_kappa kind a kappa v) l' -> l' <= l in
  exists v, let v' i := Num.sg (corr a w0 i) *: a i in
  [/\ converges_to (gd_weights kind a eta w0) v /\ loss kind a v = min_loss R m,
      (forall e p, 0 < e -> 0 < p -> exists T0, forall T,
         chance R (T0 + T) (fun Bs : seq (batch m b) => ~~ settled kind a eta' w0 e T0 Bs) <= p)
      /\ (forall i, eligible kind a w0 i -> loss kind a (v' i) = min_loss R m),
      forall kappa i, eligible kind a w0 i ->
        if kind is Relu then
          [/\ trace kappa v = (n%:R + 4%:R - k%:R - kappa * (m%:R - k%:R)) / m%:R,
              trace kappa (v' i) = (n%:R + 3%:R - kappa * (m%:R - 1)) / m%:R
            & trace kappa (v' i) - trace kappa v = (1 - kappa) * (k%:R - 1) / m%:R]
        else trace kappa v = (n%:R + 4%:R - m%:R) / m%:R /\
             trace kappa (v' i) = (n%:R + 4%:R - m%:R) / m%:R
    & forall kappa i, - 3%:R <= kappa -> eligible kind a w0 i ->
        top kappa v (4%:R / m%:R) /\ top kappa (v' i) (4%:R / m%:R)].

(** The traces of the Hessian along the runs of gradient descent and SGD see no difference (the
    sharpness theorem is about the limits): no step of either run changes the sign of a correlation
    <w, a_i>, so the slopes of phi stay those of the start, and with the same hypotheses the traces
    at the iterates of both runs tend to one and the same number, (n + 4 - k - kappa z)/m for ReLU,
    k and z the numbers of points with <w0, a_i> > 0 and = 0, and (n + 4 - m)/m for the linear
    neuron (gradient descent: in the sense of limits; SGD: for all e, p > 0 there is T0 such that
    for all T the share of batch sequences of length T0 + T in which a trace from step T0 on differs
    from it by more than e is at most p). (Hence for ReLU and kappa = 0, the value of automatic
    differentiation, the common number is the trace at gradient descent's limit, and SGD's trace
    jumps by (k - 1)/m in its limit.) *)
Definition traces_along_the_runs : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta eta' : R)
    (w0 : 'rV[R]_n) (kappa : R),
  archimedean R -> orthonormal a ->
  0 < eta -> eta <= m%:R / 4%:R ->
  (0 < b)%N -> (b < m)%N -> 0 < eta' -> eta' / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> sqnorm w0 + energy kind a w0 <= 2%:R ->
  (exists i, eligible kind a w0 i) ->
  let k := #|[set i | 0 < corr a w0 i]| in
  let z := #|[set i | corr a w0 i == 0]| in
  let slopes := if kind is Relu then k%:R + kappa * z%:R else m%:R in
  let limit := (n%:R + 4%:R - slopes) / m%:R in
  let off e w := e < `|\tr (hessian_kappa kind a kappa w) - limit| in
  (forall e, 0 < e -> exists T, forall t, (T <= t)%N -> ~~ off e (gd_weights kind a eta w0 t)) /\
  (forall e p, 0 < e -> 0 < p -> exists T0, forall T, chance R (T0 + T)
     (fun Bs : seq (batch m b) => has (off e) (drop T0 (trajectory kind a eta' w0 Bs))) <= p).

(** All hypotheses of the sharpness theorem but Archimedes' property can be met, with two points in
    the plane, both active, step sizes 1/5 and batches of 1; for instance with w0 = (a_1 + a_2)/2.
    (Hence for ReLU the gap of the traces is then (1 - kappa)/2.) *)
Definition sharpness_hypotheses_met : Prop :=
  forall (R : rcfType) (kind : activation),
  exists (a : 'I_2 -> 'rV[R]_2) (w0 : 'rV[R]_2),
  orthonormal a /\
  (0 < 5%:R^-1 :> R) /\ (5%:R^-1 <= 2%:R / 4%:R :> R) /\ (0 < 1)%N /\ (1 < 2)%N /\
  (5%:R^-1 / 1%:R <= 5%:R^-1 :> R) /\
  sqnorm w0 <= 21%:R / 20%:R /\ sqnorm w0 + energy kind a w0 <= 2%:R /\
  (forall i, eligible kind a w0 i) /\ active_count kind a w0 = 2%N.

(** In the sharpness theorem the start must be active on some point: otherwise no step of gradient
    descent or SGD, of any size and batch, moves it, and it is not a minimum. *)
Definition active_start_needed : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n),
  orthonormal a -> (forall i, ~~ eligible kind a w0 i) ->
  [/\ forall eta t, gd_weights kind a eta w0 t = w0,
      forall eta b (B : batch m b), sgd_step kind a eta B w0 = w0
    & loss kind a w0 != min_loss R m].

(** The value kappa at the kinks must lie in a bounded range: at a data point, with at least two
    points and ReLU, (1 - kappa)/m is an eigenvalue. So kappa > 1 makes a negative eigenvalue at a
    global minimum, and kappa < -3 one above 4/m. (In [top_eigenvalue] kappa <= 1 is needed for the
    Hessian to be positive semidefinite, kappa >= -3 for 4/m to be the largest eigenvalue, and kappa
    >= 0 only for the others to be at most 1/m.) *)
Definition kappa_range_needed : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n) (kappa : R) i,
  orthonormal a -> (1 < m)%N ->
  let H := hessian_kappa Relu a kappa (a i) in
  [/\ eigenvalue H ((1 - kappa) / m%:R),
      1 < kappa -> exists2 l, eigenvalue H l & l < 0
    & kappa < - 3%:R -> exists2 l, eigenvalue H l & 4%:R / m%:R < l].

(** ** Gradient noise *)

(** The squared norm of the gradient of sample i at w is phi^2 ((N - 2)^2 + (3 N - 4) phi^2), with
    phi = phi(c_i) and N = |w|^2, for orthonormal data. *)
Definition sample_gradient_sqnorm : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) i w,
  orthonormal a ->
  sqnorm (sample_gradient kind a i w) = phi kind (corr a w i) ^+ 2 *
    ((sqnorm w - 2%:R) ^+ 2 + (3%:R * sqnorm w - 4%:R) * phi kind (corr a w i) ^+ 2).

(** At a global minimum the trace of the covariance of the sample gradients, with orthonormal data,
    is (1 - sum of phi(c_i)^4) / m. *)
Definition noise_trace : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w,
  orthonormal a -> (0 < m)%N -> loss kind a w = min_loss R m ->
  \tr (covariance (fun i => sample_gradient kind a i w)) =
    (1 - \sum_i phi kind (corr a w i) ^+ 4) / m%:R.

(** At a global minimum the trace of the covariance of the sample gradients is 0 exactly at the data
    points; for the linear neuron also at their opposites. *)
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

(** ** All or nothing: tied autoencoders of any width, on any data *)

(** *** The gradient and the points where it vanishes *)

(** The closed form of the gradient of a tied autoencoder is right: row k of [tied_gradient i W] is
    the partial derivative (Frechet's) of the loss of sample i in the weights of neuron k, those of
    the others fixed; for linear neurons everywhere, for ReLU wherever <w_k, a_i> is not 0. *)
Definition tied_gradient_correct : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink : R) (i : 'I_m) (W : 'I_h -> 'rV[R]_n) (k : 'I_h),
  kind = Linear \/ pre a W k i != 0 ->
  is_gradient (fun w => tied_loss kind a i (with_row W k w)) (W k)
    (tied_gradient kind a kink i W k).

(** For one neuron [tied_gradient] is the gradient [sample_gradient] of [Definitions], whatever
    [kink] is. *)
Definition one_neuron_gradient : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink : R) (i : 'I_m) (W : 'I_1 -> 'rV[R]_n) (k : 'I_1),
  tied_gradient kind a kink i W k = sample_gradient kind a i (W k).

(** If vectors g_1 .. g_m of any vector space sum to 0 over every set of b of them, for one b with 1
    <= b < m, then all of them vanish. *)
Definition batch_sums_zero : Prop :=
  forall (R : realFieldType) (V : lmodType R) (m b : nat)
    (g : 'I_m -> V),
  (0 < b)%N -> (b < m)%N ->
  (forall B : {set 'I_m}, #|B| = b -> \sum_(i in B) g i = 0) ->
  forall i, g i = 0.

(** A sample is reconstructed exactly by a tied autoencoder, or none of its features is active, if
    the gradient of its loss vanishes in the row of every neuron that is active on it. *)
Definition exact_or_invisible : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink : R) (W : 'I_h -> 'rV[R]_n) (i : 'I_m),
  (forall k, feature kind a W k i != 0 -> tied_gradient kind a kink i W k = 0) ->
  residual kind a W i = 0 \/ forall k, feature kind a W k i = 0.

(** If the gradients of all batches of b < m points vanish at the weights W of a tied autoencoder,
    every data point is reconstructed exactly or invisible at W. (A corollary of [resting_point].)
    *)
Definition all_or_nothing : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink : R) (W : 'I_h -> 'rV[R]_n),
  (0 < b)%N -> (b < m)%N ->
  (forall B : {set 'I_m}, #|B| = b ->
     forall k, \sum_(i in B) tied_gradient kind a kink i W k = 0) ->
  all_or_nothing_point kind a W.

(** The weights of a tied autoencoder that no SGD step on a batch of b < m points moves are exactly
    those at which every data point is reconstructed exactly or invisible. *)
Definition resting_point : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W : 'I_h -> 'rV[R]_n),
  (0 < b)%N -> (b < m)%N -> eta != 0 ->
  (forall (B : batch m b) k, tied_step kind a kink eta (batch_points B) W k = W k)
  <-> all_or_nothing_point kind a W.

(** The weights of a tied autoencoder that no SGD step on b points drawn with replacement moves, for
    any batch size b >= 1, are exactly those at which every data point is reconstructed exactly or
    invisible. *)
Definition resting_point_with_replacement : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W : 'I_h -> 'rV[R]_n),
  (0 < b)%N -> eta != 0 ->
  (forall (B : b.-tuple 'I_m) k, tied_step kind a kink eta (tuple_points B) W k = W k)
  <-> all_or_nothing_point kind a W.

(** *** What such weights look like *)

(** If one data point is reconstructed exactly and another is invisible, their scalar product is at
    most 0, and for linear neurons it is 0. *)
Definition exact_invisible : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n) (i j : 'I_m),
  residual kind a W i = 0 -> (forall k, feature kind a W k j = 0) ->
  dot (a i) (a j) <= 0 /\ (kind = Linear -> dot (a i) (a j) = 0).

(** A tied autoencoder reconstructs at most as many orthonormal data points exactly as the rank of
    its weights (the h x n matrix with the rows w_k). *)
Definition exact_points_le_rank : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n),
  orthonormal a -> (#|exact_set kind a W| <= \rank (\matrix_k W k : 'M[R]_(h, n)))%N.

(** A tied autoencoder reconstructs at most h orthonormal data points exactly, h the number of its
    neurons. (A corollary of [exact_points_le_rank].) *)
Definition exact_points_le_neurons : Prop :=
  forall (R : realFieldType) (m n h : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n),
  orthonormal a -> (#|exact_set kind a W| <= h)%N.

(** With orthonormal data, if every point is exact or invisible, the mean loss is the number of
    points that are given up, divided by 2m. *)
Definition all_or_nothing_loss : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n),
  orthonormal a -> all_or_nothing_point kind a W ->
  (\sum_i tied_loss kind a i W) / m%:R = (m%:R - #|exact_set kind a W|%:R) / (2%:R * m%:R).

(** With linear neurons W is all or nothing exactly if every data point a_i satisfies a_i W^T W =
    a_i or a_i W^T W = 0 (W the matrix with the rows w_k). (The former are the exact points, the
    latter the invisible ones.) *)
Definition linear_eigenvectors : Prop :=
  forall (R : realFieldType) (m n h : nat)
    (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n),
  let M : 'M[R]_(h, n) := \matrix_k W k in
  all_or_nothing_point Linear a W <->
  forall i, a i *m (M^T *m M) = a i \/ a i *m (M^T *m M) = 0.

(** One ReLU neuron w on distinct points of length 1 is all or nothing exactly if it is silent on
    all points (<w, a_i> <= 0 for all i), or if w = a_i for a point a_i that has no positive scalar
    product with any other point. *)
Definition one_relu_neuron : Prop :=
  forall (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n)
    (W : 'I_1 -> 'rV[R]_n),
  (forall i, sqnorm (a i) = 1) -> injective a ->
  (all_or_nothing_point Relu a W <->
    (forall i, dot (W ord0) (a i) <= 0) \/
    exists i, W ord0 = a i /\ forall j, j != i -> dot (a i) (a j) <= 0).

(** *** A run that converges rests at such weights: what is asked of the sequence of draws *)

(** A run of SGD on a tied autoencoder that converges ends at all-or-nothing weights, if its draws
    are fair. Batches of b < m distinct points, linear or ReLU, step size constant: if the draws are
    fair for the run that they make ([fair]: nobody who bets, at each time, on a batch chosen by the
    sign pattern that the run then has, loses all bets from some time on) and the weights converge,
    then at the limit every point is reconstructed exactly (residual 0) or invisible (all features
    0). Nothing is asked of the limit or of the way there: it may lie on kinks, and the run may
    cross kinks for ever. (Whether recurrence alone is enough is not known here, for several ReLU
    neurons and b >= 2.) *)
Definition convergent_run_all_or_nothing : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 W : 'I_h -> 'rV[R]_n)
    (draws : nat -> batch m b),
  (0 < b)%N -> (b < m)%N -> eta != 0 ->
  fair kind a kink eta (@batch_points m b) W0 draws ->
  weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W ->
  all_or_nothing_point kind a W.

(** A run of SGD on linear neurons that converges ends at all-or-nothing weights if every batch of b
    points comes again and again: batches of b < m distinct points, any constant step size but 0. *)
Definition convergent_linear_run : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 W : 'I_h -> 'rV[R]_n) (draws : nat -> batch m b),
  (0 < b)%N -> (b < m)%N -> eta != 0 -> recurrent draws ->
  weights_converge_to (tied_run Linear a kink eta (fun t => batch_points (draws t)) W0) W ->
  all_or_nothing_point Linear a W.

(** A run of SGD on one neuron, linear or ReLU, that converges ends at all-or-nothing weights if
    every batch of b points comes again and again: batches of b < m distinct points, any constant
    step size but 0. *)
Definition convergent_one_neuron_run : Prop :=
  forall (R : realFieldType) (m n b : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 W : 'I_1 -> 'rV[R]_n)
    (draws : nat -> batch m b),
  (0 < b)%N -> (b < m)%N -> eta != 0 -> recurrent draws ->
  weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W ->
  all_or_nothing_point kind a W.

(** A run of SGD on single points (b = 1), with any number of linear or ReLU neurons, that converges
    ends at all-or-nothing weights if every point comes again and again; also for one data point, m
    = 1. *)
Definition convergent_single_run : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 W : 'I_h -> 'rV[R]_n) (draws : nat -> batch m 1),
  eta != 0 -> recurrent draws ->
  weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W ->
  all_or_nothing_point kind a W.

(** A run of SGD on b-tuples of points (with replacement, any b >= 1), with any number of linear or
    ReLU neurons, that converges ends at all-or-nothing weights if every tuple comes again and
    again. *)
Definition convergent_run_with_replacement : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 W : 'I_h -> 'rV[R]_n)
    (draws : nat -> b.-tuple 'I_m),
  (0 < b)%N -> eta != 0 -> recurrent draws ->
  weights_converge_to (tied_run kind a kink eta (fun t => tuple_points (draws t)) W0) W ->
  all_or_nothing_point kind a W.

(** *** Almost all sequences of draws are like that *)

(** With independent draws from N equally likely ones, whoever bets at least k times in T draws,
    each time on one draw chosen by what has come before, loses all his bets with chance at most (1
    - 1/N)^k. *)
Definition lost_bets : Prop :=
  forall (R : realFieldType) (Om : finType) (T k : nat)
    (bet : seq Om -> option Om),
  (0 < #|Om|)%N ->
  chance R T (fun s => (k <= placed bet s)%N && lost bet s) <= (1 - #|Om|%:R^-1) ^+ k.

(** The strong notion of almost surely, [almost_surely_strong], is at least as strong as the usual
    one: a property that holds almost surely in the strong sense fails on a null set only. *)
Definition almost_surely_null : Prop :=
  forall (Om : finType) (property : (nat -> Om) -> Prop),
  (0 < #|Om|)%N -> almost_surely_strong property -> almost_surely property.

(** A property that holds almost surely in the strong sense ([almost_surely_strong]) is not void:
    every word of draws can be continued to a sequence with the property. *)
Definition almost_surely_dense : Prop :=
  forall (Om : finType) (property : (nat -> Om) -> Prop)
    (word : seq Om),
  (0 < #|Om|)%N -> almost_surely_strong property ->
  exists draws, mkseq draws (size word) = word /\ property draws.

(** Almost surely, in the strong sense, every draw comes again and again. *)
Definition recurrent_almost_surely : Prop :=
  forall Om : finType, almost_surely_strong (@recurrent Om).

(** Almost surely, in the strong sense, the draws are fair for the run of SGD that they make;
    whatever is drawn: batches with or without replacement, of any size. *)
Definition fair_almost_surely : Prop :=
  forall (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (Om : finType) (points : Om -> seq 'I_m)
    (W0 : 'I_h -> 'rV[R]_n),
  almost_surely_strong (fair kind a kink eta points W0).

(** *** The theorem *)

(** SGD is all or nothing: constant-step SGD on a tied autoencoder with any number of linear or ReLU
    neurons, any data, any start, any step size but 0, batches of b < m distinct points (or b = 1),
    drawn uniformly and independently: almost surely (in the strong sense), if the weights converge,
    then at the limit every data point is reconstructed exactly or invisible. (Whether they converge
    is not claimed; one case in which they do is [convergence_happens].) *)
Definition sgd_all_or_nothing : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_h -> 'rV[R]_n),
  (0 < b)%N -> (b < m)%N \/ b = 1%N -> eta != 0 ->
  every_limit kind a kink eta (@batch_points m b) W0 (all_or_nothing_point kind a).

(** SGD with replacement is all or nothing, for any batch size b >= 1: constant-step SGD on a tied
    autoencoder with any number of linear or ReLU neurons, any data, any start, any step size but 0:
    almost surely (in the strong sense), if the weights converge, then at the limit every data point
    is reconstructed exactly or invisible. *)
Definition sgd_with_replacement_all_or_nothing : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_h -> 'rV[R]_n),
  (0 < b)%N -> eta != 0 ->
  every_limit kind a kink eta (@tuple_points m b) W0 (all_or_nothing_point kind a).

(** *** Corollaries, each for batches of b < m distinct points and for b >= 1 points with
    replacement *)

(** SGD on a tied autoencoder with orthonormal data: almost surely, if the weights converge, the
    limit reconstructs a number r of the points exactly, r <= rank of the weights <= h, the others
    are invisible, and the mean loss there is (m - r)/(2m). Batches of b < m distinct points, or b
    >= 1 points with replacement. *)
Definition sgd_orthonormal : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_h -> 'rV[R]_n),
  orthonormal a -> (0 < b)%N -> eta != 0 ->
  ((b < m)%N -> every_limit kind a kink eta (@batch_points m b) W0 (orthonormal_limit kind a)) /\
  every_limit kind a kink eta (@tuple_points m b) W0 (orthonormal_limit kind a).

(** SGD on a tied autoencoder of h neurons with correlated data that span more than h dimensions,
    where the points do not fall into two groups without correlations (linear: without scalar
    products other than 0; ReLU: without positive ones) between a point of one group and a point of
    the other: almost surely, SGD with a constant step size does not converge, unless to weights
    that are silent on all points (all features 0). Batches of b < m distinct points, or b >= 1
    points with replacement. *)
Definition sgd_correlated : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_h -> 'rV[R]_n),
  (h < \rank (\matrix_i a i : 'M[R]_(m, n)))%N ->
  (forall S : {set 'I_m}, S != set0 -> S != setT -> exists i j, [/\ i \in S, j \notin S &
     if kind is Relu then 0 < dot (a i) (a j) else dot (a i) (a j) != 0]) ->
  (0 < b)%N -> eta != 0 ->
  ((b < m)%N -> every_limit kind a kink eta (@batch_points m b) W0
     (fun W => forall k i, feature kind a W k i = 0)) /\
  every_limit kind a kink eta (@tuple_points m b) W0
     (fun W => forall k i, feature kind a W k i = 0).

(** SGD on one ReLU neuron w with distinct data points of length 1: almost surely, if w converges,
    its limit is silent on all points, or it is one of those points a_i that have no positive scalar
    product with any other point. Batches of b < m distinct points, or b >= 1 points with
    replacement. *)
Definition sgd_one_relu_neuron : Prop :=
  forall (R : realFieldType) (m n b : nat)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_1 -> 'rV[R]_n),
  (forall i, sqnorm (a i) = 1) -> injective a -> (0 < b)%N -> eta != 0 ->
  let ends (W : 'I_1 -> 'rV[R]_n) := (forall i, dot (W ord0) (a i) <= 0) \/
    exists i, W ord0 = a i /\ forall j, j != i -> dot (a i) (a j) <= 0 in
  ((b < m)%N -> every_limit Relu a kink eta (@batch_points m b) W0 ends) /\
  every_limit Relu a kink eta (@tuple_points m b) W0 ends.

(** *** Any network: its last layer *)

(** The closed form of the last layer's gradient is right: row k of [last_gradient] is Frechet's
    derivative of |y_i - sum_k (z i k) u_k|^2/2 in u_k, everywhere. *)
Definition last_gradient_correct : Prop :=
  forall (R : realFieldType) (m n h : nat)
    (y : 'I_m -> 'rV[R]_n) (z : 'I_m -> 'I_h -> R) (U : 'I_h -> 'rV[R]_n) (i : 'I_m) (k : 'I_h),
  is_gradient (fun u => 2%:R^-1 * sqnorm (last_residual y z (with_row U k u) i)) (U k)
    (last_gradient y z U i k).

(** SGD is all or nothing for the last layer of any network. Any data, any targets y_i, any network
    (untied, deep, any activations) whose last layer is trained by SGD with a constant step size,
    the layers before it in any way: almost surely, if the last layer and the features that it gets
    for each point converge, then at the limit every point is fitted exactly (residual 0) or
    invisible (all features 0). Batches of b < m points, or with replacement. (One null set of
    sequences of draws serves all networks; whether anything converges is not claimed.) *)
Definition last_layer_all_or_nothing : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (y : 'I_m -> 'rV[R]_n) (eta : R),
  (0 < b)%N -> eta != 0 ->
  let limits (Om : finType) (points : Om -> seq 'I_m) := almost_surely_strong
    (fun draws : nat -> Om =>
    forall z (U : nat -> 'I_h -> 'rV[R]_n) zlim Ulim,
      last_layer_sgd y eta (fun t => points (draws t)) z U ->
      features_converge z zlim -> weights_converge_to U Ulim ->
      forall i, last_residual y zlim Ulim i = 0 \/ forall k, zlim i k = 0) in
  ((b < m)%N -> limits _ (@batch_points m b)) /\ limits _ (@tuple_points m b).

(** With a bias in the last layer of any network (a feature k0 that is always 1) no point is
    invisible: almost surely, if the last layer and the features converge, the limit fits all points
    exactly. SGD with a constant step size, batches of b < m points or with replacement, as in
    [last_layer_all_or_nothing]. *)
Definition last_layer_with_bias_interpolates : Prop :=
  forall (R : realFieldType) (m n h b : nat)
    (y : 'I_m -> 'rV[R]_n) (eta : R),
  (0 < b)%N -> eta != 0 ->
  let limits (Om : finType) (points : Om -> seq 'I_m) := almost_surely_strong
    (fun draws : nat -> Om =>
    forall z (U : nat -> 'I_h -> 'rV[R]_n) zlim Ulim k0,
      last_layer_sgd y eta (fun t => points (draws t)) z U -> (forall t i, z t i k0 = 1) ->
      features_converge z zlim -> weights_converge_to U Ulim ->
      forall i, last_residual y zlim Ulim i = 0) in
  ((b < m)%N -> limits _ (@batch_points m b)) /\ limits _ (@tuple_points m b).

(** *** The hypotheses can be met, and they are needed *)

(** All weights of a tied autoencoder at which every point is exact or invisible are limits of runs:
    SGD that starts there stays there, whatever is drawn. *)
Definition all_or_nothing_limits_exist : Prop :=
  forall (R : realFieldType) (m n h : nat)
    (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W : 'I_h -> 'rV[R]_n)
    (points : nat -> seq 'I_m),
  all_or_nothing_point kind a W ->
  (forall t k, tied_run kind a kink eta points W t k = W k) /\
  weights_converge_to (tied_run kind a kink eta points W) W.

(** Convergence happens: SGD as in [sgd_all_or_nothing] converges, almost surely, in the case of one
    neuron, linear or ReLU, orthonormal data, batches of b < m points, 0 < eta/b <= 1/5, |w0|^2 <=
    21/20 and at least one eligible point. (A corollary of [sgd_converges_almost_surely] and
    [one_neuron_gradient]; almost surely in the usual sense, that is up to a null set.) *)
Definition convergence_happens : Prop :=
  forall (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R)
    (W0 : 'I_1 -> 'rV[R]_n),
  archimedean R -> orthonormal a -> (0 < b)%N -> (b < m)%N ->
  0 < eta -> eta / b%:R <= 5%:R^-1 -> sqnorm (W0 ord0) <= 21%:R / 20%:R ->
  (exists i, eligible kind a (W0 ord0) i) ->
  almost_surely (fun draws : nat -> batch m b => exists W,
    weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W).

(** Fair sequences of batches exist for the run of SGD from every start; the first batches may be
    prescribed. *)
Definition fair_draws_exist : Prop :=
  forall (R : realFieldType) (m n h b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (kink eta : R) (W0 : 'I_h -> 'rV[R]_n) (first : seq (batch m b)),
  (b <= m)%N -> exists draws, mkseq draws (size first) = first /\
    fair kind a kink eta (@batch_points m b) W0 draws.

(** Orthonormal data exist: m points in R^m, for every m. *)
Definition orthonormal_data_exist : Prop :=
  forall (R : realFieldType) (m : nat),
  exists a : 'I_m -> 'rV[R]_m, orthonormal a.

(** Correlated data as in [sgd_correlated] exist, for one neuron: two points in the plane. *)
Definition correlated_data_exist : Prop :=
  forall (R : realFieldType) (kind : activation),
  exists a : 'I_2 -> 'rV[R]_2, (1 < \rank (\matrix_i a i : 'M[R]_(2, 2)))%N /\
  forall S : {set 'I_2}, S != set0 -> S != setT -> exists i j, [/\ i \in S, j \notin S &
    if kind is Relu then 0 < dot (a i) (a j) else dot (a i) (a j) != 0].

(** Full batches are not all or nothing (b = m >= 2, orthonormal data): there is a start, for one
    neuron, from which gradient descent converges (it does not even move), whatever the step size
    and the value at the kink; but the start is not all or nothing. So b < m is needed, in
    [sgd_all_or_nothing] (its conclusion is false for b = m) and in [resting_point]. (For instance
    3/5 a_1 + 4/5 a_2.) *)
Definition full_batch_not_all_or_nothing : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n),
  orthonormal a -> (1 < m)%N ->
  exists W0 : 'I_1 -> 'rV[R]_n, ~ all_or_nothing_point kind a W0 /\ forall kink eta : R,
    [/\ forall (draws : nat -> batch m m) t k,
          tied_run kind a kink eta (fun t => batch_points (draws t)) W0 t k = W0 k,
        forall draws : nat -> batch m m,
          weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W0 &
        ~ every_limit kind a kink eta (@batch_points m m) W0 (all_or_nothing_point kind a)].

(** SGD on a fixed partition is not all or nothing: four orthonormal points, the batches {0, 1}, {2,
    3}, {0, 1}, {2, 3}, .. for ever. There is a start, for one neuron, from which this SGD with b =
    2 < m = 4 converges (it does not even move), whatever the step size and the value at the kink,
    though the start is not all or nothing. So every batch has to come again and again: that every
    point does so is not enough. *)
Definition fixed_partition_fails : Prop :=
  exists draws : nat -> batch 4 2,
  (forall t (i : 'I_4), (i \in val (draws t)) = (if odd t then (2 <= i)%N else (i < 2)%N)) /\
  forall (R : realFieldType) (n : nat) (kind : activation) (a : 'I_4 -> 'rV[R]_n), orthonormal a ->
  exists W0 : 'I_1 -> 'rV[R]_n, ~ all_or_nothing_point kind a W0 /\ forall kink eta : R,
    (forall t k, tied_run kind a kink eta (fun t => batch_points (draws t)) W0 t k = W0 k) /\
    weights_converge_to (tied_run kind a kink eta (fun t => batch_points (draws t)) W0) W0.

(** ** Programs *)

(** The programs of [Programs], run on an ordered field, compute the loss and the step: for data and
    weights given as lists of n numbers, and for a batch given as the list of its points. The step's
    result is again a list of n numbers. *)
Definition programs_correct : Prop :=
  forall (R : realFieldType) (m n : nat) (kind : activation)
         (data : seq (seq R)) (w : seq R) (eta : R) (batch : seq 'I_m),
  size data = m -> (forall i : 'I_m, size (nth [::] data i) = n) -> size w = n -> uniq batch ->
  let relu := if kind is Relu then true else false in
  let a (i : 'I_m) : 'rV[R]_n := row_of n (nth [::] data i) in
  let minus (x y : R) := x - y in
  let nonneg (t : R) := 0 <= t in
  let stepped := step_of 0 1 +%R minus *%R nonneg (eta / (size batch)%:R) relu w
    [seq nth [::] data i | i : 'I_m <- batch] in
  [/\ loss_of 0 1 +%R minus *%R nonneg 2%:R^-1 m%:R^-1 relu w data = loss kind a (row_of n w),
      size stepped = n &
      row_of n stepped = step kind a eta [set i in batch] (row_of n w)].
