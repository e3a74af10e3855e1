(** * What the theorems speak of

    One neuron with tied weights as autoencoder of orthonormal data: the model, its loss, gradient
    descent on batches, and what "almost surely" means for independent random batches. There is no
    proof in this file. Together with [Statements] it is all that a sceptic has to read: a theorem
    is a named statement of that file, and the kernel has checked a proof of it.

    R is an arbitrary ordered field (real closed where roots are taken, archimedean where a limit
    is), for instance the real numbers; [m] points in R^n, both arbitrary. A point or a weight
    vector is a row ['rV[R]_n]; ['I_m] are the numbers 0 .. m-1. [k%:R] is the number k in R. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The model *)

Inductive activation := Linear | Relu.

Section Model.
Variables (R : realFieldType) (m n : nat) (kind : activation).
Implicit Types (u v w h x : 'rV[R]_n).

(** The scalar product <u, v> and the square |u|^2 of the length. *)
Definition dot u v : R := \sum_(k < n) u 0 k * v 0 k.
Definition sqnorm u : R := dot u u.

(** The activation: phi(t) = t, or max(t, 0). *)
Definition phi (t : R) : R := if kind is Relu then (if 0 <= t then t else 0) else t.

(** The data a_1 .. a_m: orthonormal if <a_i, a_j> is 1 for i = j and 0 otherwise. *)
Variable a : 'I_m -> 'rV[R]_n.
Definition orthonormal := forall i j, dot (a i) (a j) = (i == j)%:R.

(** The neuron reconstructs x as phi(<w, x>) w. The loss of a sample is half the squared error,
    the loss L is the mean over the data. *)
Definition model x w : 'rV[R]_n := phi (dot w x) *: w.
Definition sample_loss i w : R := 2%:R^-1 * sqnorm (a i - model (a i) w).
Definition loss w : R := m%:R^-1 * \sum_i sample_loss i w.

(** [g] is the gradient of F at w, Frechet's derivative: F(w+h) - F(w) - <g,h> = o(|h|). It is
    written with squares, so that no root is needed. *)
Definition is_gradient (F : 'rV[R]_n -> R) w g :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, sqnorm h <= d -> (F (w + h) - F w - dot g h) ^+ 2 <= e * sqnorm h.

(** The same for a vector field G with the matrix H; if G is the gradient of F, H is the Hessian. *)
Definition is_derivative (G : 'rV[R]_n -> 'rV[R]_n) w (H : 'M[R]_n) :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, sqnorm h <= d -> sqnorm (G (w + h) - G w - h *m H) <= e * sqnorm h.

(** ** Closed forms

    The correlations c_i = <w, a_i>; the energy C = sum of phi(c_i)^2, which the neuron responds
    with; the active part P w = sum of phi(c_i) a_i; what is left of |w|^2, in directions outside
    the data's span and, for ReLU, on negative correlations. *)
Definition corr w i : R := dot w (a i).
Definition energy w : R := \sum_i phi (corr w i) ^+ 2.
Definition active_part w : 'rV[R]_n := \sum_i phi (corr w i) *: a i.
Definition rest w : R := sqnorm w - energy w.

(** The gradient of one sample's loss, and of the loss. That they are gradients is a theorem:
    [sample_gradient_correct], [gradient_correct]. *)
Definition sample_gradient i w : 'rV[R]_n :=
  ((sqnorm w - 2%:R) * phi (corr w i)) *: a i + phi (corr w i) ^+ 2 *: w.
Definition gradient w : 'rV[R]_n := m%:R^-1 *: \sum_i sample_gradient i w.

(** The least loss, 1/2 - 1/(2m). That it is the least is a theorem: [global_minimum]. *)
Definition min_loss : R := 2%:R^-1 - (2%:R * m%:R)^-1.

(** One step of gradient descent on the mean loss of a batch B of points, step size eta. *)
Definition step (eta : R) (B : {set 'I_m}) w : 'rV[R]_n :=
  w - (eta / #|B|%:R) *: \sum_(i in B) sample_gradient i w.

(** Full-batch gradient descent on the loss, step size eta, from w0:
    w_(t+1) = w_t - eta (gradient of the loss at w_t). *)
Fixpoint gd_weights (eta : R) w0 (t : nat) : 'rV[R]_n :=
  if t is t'.+1 then let w := gd_weights eta w0 t' in w - eta *: gradient w else w0.
End Model.

(** ** Limits

    The sequence u_0, u_1, .. of vectors converges to v; and at least linearly (geometrically): the
    squared distance is at most K q^t for some K and some 0 <= q < 1. *)
Section Limits.
Variables (R : realFieldType) (n : nat) (u : nat -> 'rV[R]_n) (v : 'rV[R]_n).
Definition converges_to : Prop :=
  forall e : R, 0 < e -> exists T, forall t, (T <= t)%N -> sqnorm (u t - v) <= e ^+ 2.
Definition converges_linearly : Prop :=
  exists K q : R, [/\ 0 <= q, q < 1 & forall t, sqnorm (u t - v) <= K * q ^+ t].
End Limits.

(** ** Kinds of critical points

    Balls are given by the squared norm, |h|^2 <= d. *)
Section Extrema.
Variables (R : realFieldType) (n : nat) (F : 'rV[R]_n -> R) (w : 'rV[R]_n).

(** F is differentiable at w (Frechet), and its derivative there is 0. *)
Definition critical : Prop := is_gradient F w 0.

(** Near w no value is smaller than F(w); no value is larger. *)
Definition local_min : Prop :=
  exists2 d, 0 < d & forall h, sqnorm h <= d -> F w <= F (w + h).
Definition local_max : Prop :=
  exists2 d, 0 < d & forall h, sqnorm h <= d -> F (w + h) <= F w.

(** Strict: near w all other values are larger; smaller. *)
Definition strict_local_min : Prop :=
  exists2 d, 0 < d & forall h, h != 0 -> sqnorm h <= d -> F w < F (w + h).
Definition strict_local_max : Prop :=
  exists2 d, 0 < d & forall h, h != 0 -> sqnorm h <= d -> F (w + h) < F w.

Definition locally_constant : Prop :=
  exists2 d, 0 < d & forall h, sqnorm h <= d -> F (w + h) = F w.

(** A saddle: critical, and arbitrarily near there are smaller values and larger ones. *)
Definition saddle : Prop := critical /\ forall d, 0 < d ->
  (exists2 h, sqnorm h <= d & F (w + h) < F w) /\ (exists2 h, sqnorm h <= d & F w < F (w + h)).
End Extrema.

Section Silent.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w : 'rV[R]_n).

(** No point of the data has a nonzero output: linear, w is orthogonal to all a_i; ReLU, no
    <w, a_i> is positive. *)
Definition silent : Prop :=
  forall i, match kind with Linear => corr a w i = 0 | Relu => corr a w i <= 0 end.

(** A dead neuron: ReLU, and all <w, a_i> are negative, so it stays silent near w. *)
Definition dead : Prop := kind = Relu /\ forall i, corr a w i < 0.
End Silent.

(** ** The Hessian of the linear neuron

    [outer u v] is the matrix u^T v; h (u^T v) = <h, u> v. The projector is that on the span. *)
Section Hessian.
Variables (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n).
Definition outer (u v : 'rV[R]_n) : 'M[R]_n := u^T *m v.
Definition projector : 'M[R]_n := \sum_i outer (a i) (a i).
Definition hessian w : 'M[R]_n := m%:R^-1 *:
  ((sqnorm w - 2%:R) *: projector
   + 2%:R *: (outer w (active_part Linear a w) + outer (active_part Linear a w) w)
   + energy Linear a w *: 1%:M).
End Hessian.

(** ** Hessians where ReLU may have a kink *)
Section Curvature.
Variables (R : realFieldType) (m n : nat) (kind : activation).
Implicit Types (u v w h : 'rV[R]_n) (kappa t : R).

(** The second derivative of phi(t)^2 / 2, that is the slope of phi. Linear: 1. ReLU: 1 for t > 0,
    0 for t < 0; at the kink t = 0 there is none (0 from the left, 1 from the right), and [kappa] is
    the value given to it there. *)
Definition curvature kappa t : R :=
  if kind is Relu then (if t == 0 then kappa else if 0 < t then 1 else 0) else 1.

Variable a : 'I_m -> 'rV[R]_n.                          (* the data *)

(** The second derivative of the loss when phi has slope [theta i] at <w, a_i>:
    (1/m) ((|w|^2 - 2) sum_i theta_i a_i^T a_i + 2 (w^T G + G^T w) + C I),
    G = sum_i phi(<w, a_i>) a_i the active part and C = |G|^2 the energy. *)
Definition weighted_hessian (theta : 'I_m -> R) w : 'M[R]_n := m%:R^-1 *:
  ((sqnorm w - 2%:R) *: (\sum_i theta i *: outer (a i) (a i))
   + 2%:R *: (outer w (active_part kind a w) + outer (active_part kind a w) w)
   + energy kind a w *: 1%:M).

(** The Hessian with the value [kappa] at every kink. *)
Definition hessian_kappa kappa w : 'M[R]_n :=
  weighted_hessian (fun i => curvature kappa (corr a w i)) w.

(** The one-sided Hessian of w towards h: a kink has the slope of the side to which h leads. *)
Definition hessian_towards w h : 'M[R]_n :=
  weighted_hessian (fun i => curvature (if 0 < corr a h i then 1 else 0) (corr a w i)) w.

(** w is at a kink of ReLU: some <w, a_i> is 0. The linear neuron has none. *)
Definition at_kink w : bool := if kind is Relu then [exists i, corr a w i == 0] else false.

(** k, the number of points at which phi has slope 1. Linear: all. ReLU: those with <w, a_i> > 0. *)
Definition active_count w : nat := if kind is Relu then #|[set i | 0 < corr a w i]| else m.

(** [is_derivative] for displacements h in a cone K only. *)
Definition is_derivative_on (K : 'rV[R]_n -> Prop) (G : 'rV[R]_n -> 'rV[R]_n) w (H : 'M[R]_n) :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, K h -> sqnorm h <= d -> sqnorm (G (w + h) - G w - h *m H) <= e * sqnorm h.
End Curvature.

(** ** Chance without measure theory

    T independent draws, each uniform on a finite set Om, are the T-tuples over Om, all equally
    likely. [chance R T P] is the share of them that have the property P. *)
Section Chance.
Variables (R : realFieldType) (Om : finType).
Definition chance T (P : pred (seq Om)) : R :=
  #|[set s : T.-tuple Om | P s]|%:R / (#|Om| ^ T)%:R.

(** The states w_0, w_1, .., w_T of a run that starts at w, by the draws o_1, .., o_T. *)
Variables (W : Type) (next : Om -> W -> W).
Definition states w (s : seq Om) : seq W := w :: scanl (fun w o => next o w) w s.
End Chance.

(** Archimedes' property: no element is larger than all natural numbers. *)
Definition archimedean (R : realFieldType) := forall x : R, exists k : nat, x <= k%:R.

(** ** "The run ends at one data point, almost surely"

    A run is given by its start w0 and by [next o w], the weights that the draw o makes of w. *)
Section OnePoint.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (Om : finType) (next : Om -> 'rV[R]_n -> 'rV[R]_n) (w0 : 'rV[R]_n).

(** The points that the neuron responds to at the start: linear, <w0, a_i> is not 0; ReLU, it is
    positive. *)
Definition eligible (i : 'I_m) : bool :=
  if kind is Relu then 0 < corr a w0 i else corr a w0 i != 0.

(** w is within e of a_i, or of -a_i if <w0, a_i> is negative. *)
Definition within (e : R) (i : 'I_m) (w : 'rV[R]_n) : bool :=
  sqnorm (w - Num.sg (corr a w0 i) *: a i) <= e ^+ 2.

(** From step T0 on, all weights are within e of one and the same eligible point. *)
Definition settled_at_one (e : R) (T0 : nat) (os : seq Om) : bool :=
  [exists i, eligible i && all (within e i) (drop T0 (states next w0 os))].

(** Almost surely: for all e, p > 0 there is a step T0 such that, however long one looks, the share
    of the sequences of draws for which that is not so is at most p. *)
Definition ends_at_one_point : Prop := forall e p : R, 0 < e -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (fun os => ~~ settled_at_one e T0 os) <= p.
End OnePoint.

(** ** Mini-batch SGD without replacement

    A batch is a set of b of the m points. All are equally likely, and draws are independent. *)
Definition batch (m b : nat) := {B : {set 'I_m} | #|B| == b}.

Section MiniBatch.
Variables (R : realFieldType) (m n b : nat) (kind : activation).
Variables (a : 'I_m -> 'rV[R]_n)                       (* the data *)
          (eta : R)                                    (* the step size *)
          (w0 : 'rV[R]_n).                             (* the start *)

Definition sgd_step (B : batch m b) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - (eta / #|val B|%:R) *: \sum_(i in val B) sample_gradient kind a i w.

(** The weights w_0, w_1, .., w_T for the batches B_1, .., B_T. *)
Definition trajectory (Bs : seq (batch m b)) : seq 'rV[R]_n := states sgd_step w0 Bs.

(** From step T0 on, all weights are within e of one and the same eligible point. *)
Definition settled : R -> nat -> seq (batch m b) -> bool := settled_at_one kind a sgd_step w0.
End MiniBatch.

(** The share of those sequences of T batches for which the last weight w_T is within e of point i
    (of -a_i if <w0, a_i> < 0): the probability that SGD is near point i at time T. *)
Definition selection (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
  (w0 : 'rV[R]_n) (T : nat) (e : R) (i : 'I_m) : R :=
  chance R T (fun Bs : seq (batch m b) => within a w0 e i (last w0 (trajectory kind a eta w0 Bs))).

(** ** The constants of the quantitative theorem

    Closed formulas: field operations and natural powers only, so that a program evaluates them
    exactly on rational numbers. *)
Section Rates.
Variables (R : realFieldType) (m b : nat) (eta : R).

(** The step size per point of a batch. *)
Definition point_rate : R := eta / b%:R.

(** The chance that a batch of b of the m points has a given point. *)
Definition in_batch : R := b%:R / m%:R.

(** The chance that it has exactly one of two given points. *)
Definition split_pair : R := 2%:R * b%:R * (m%:R - b%:R) / (m%:R * (m%:R - 1)).

(** The noise's drift: near a data point a_l the square root of |c_j/c_l| loses on average at least
    this share of its size in a step, for every other point j. *)
Definition drift_rate : R := 19%:R / 4000%:R * point_rate ^+ 2 * split_pair.

(** Near a data point the functional (the sum of these roots and a little of the loss) loses on
    average at least this share of its size in a step. *)
Definition settle_rate : R := 19%:R / 20%:R * drift_rate.

(** A step on a batch that has the leader l and not j multiplies the root of |c_j/c_l| by at most
    [omitted], *)
Definition omitted : R := (1 + (1 + 19%:R / 20%:R * point_rate)^-1) / 2%:R.

(** on average over the batches that have the leader by at most [mean_factor]; *)
Definition mean_factor : R := (b%:R - 1 + (m%:R - b%:R) * omitted) / (m%:R - 1).

(** and it multiplies C/(19/20 - C), C the sum of the squares phi(c_i)^2, by at least [odds_growth] as
    long as C < 9/10 if the leader is the strongest point. *)
Definition odds_growth : R := 1 + 19%:R / 10%:R * point_rate / m%:R.

(** What [climb] steps do if all their batches have the leader: with this chance, at least, the run
    is captured by the leader's point. (It is of use only where it is positive.) *)
Definition capture_chance (climb : nat) : R :=
  2%:R * in_batch ^+ climb * (49%:R / 100%:R - mean_factor ^+ climb * (m%:R - 1)).
End Rates.

(** The number of steps that the theorem promises: first [climb] + [capture] * [halvings] steps, so
    that the run is captured but for a chance of 2^-halvings, then [settle] * [refinements] steps, in
    which the squared distance is halved [refinements] times. *)
Definition settling_time (climb capture halvings settle refinements : nat) : nat :=
  (climb + capture * halvings + settle * refinements)%N.

Section Geometric.
Variables (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n).

(** There is one eligible point a_i such that at every step t from T0 on the squared distance of w_t
    to it (to -a_i if <w0, a_i> is negative) is at most r(t). *)
Definition settled_at_rate (r : nat -> R) (T0 : nat) (Bs : seq (batch m b)) : bool :=
  [exists i, eligible kind a w0 i && [forall t : 'I_(size Bs).+1, (T0 <= t)%N ==>
    (sqnorm (nth 0 (trajectory kind a eta w0 Bs) t - Num.sg (corr a w0 i) *: a i) <= r t)]].
End Geometric.

(** ** Cyclic SGD: the single points in turn *)

(** The point whose turn it is at step t = 0, 1, 2, .., of the m + 1 points a_0, .., a_m in their
    order, round and round: number t modulo m + 1. (There is at least one point.) *)
Definition turn (m t : nat) : 'I_m.+1 := inZp t.

Section Cyclic.
Variables (R : realFieldType) (m n : nat) (kind : activation).
Variables (a : 'I_m.+1 -> 'rV[R]_n)                    (* the data, vectors of R^n *)
          (eta : R)                                    (* the step size *)
          (w0 : 'rV[R]_n).                             (* the start *)

(** Cyclic SGD with one point a step: the weights after t steps. The batches are the single points
    {a_0}, {a_1}, .., {a_m}, {a_0}, .. in turn; nothing is random. *)
Fixpoint cyclic_sgd (t : nat) : 'rV[R]_n :=
  if t is t'.+1 then step kind a eta [set turn m t'] (cyclic_sgd t') else w0.

(** At w the point i leads: the neuron responds to it, |phi(c_i)| > 0, and responds to no point more
    strongly; ties are allowed. For the linear neuron |phi(c_j)| = |c_j|, so that c_i is not 0 and
    |c_i| is the largest |c_j|; for ReLU phi(c_j) is c_j where that is positive and else 0, so that
    c_i is positive and the largest c_j. *)
Definition leads (i : 'I_m.+1) (w : 'rV[R]_n) : Prop :=
  phi kind (corr a w i) != 0 /\ forall j, `|phi kind (corr a w j)| <= `|phi kind (corr a w i)|.
End Cyclic.

(** The region of weights from which cyclic SGD is studied: |w|^2 < 2 and
    4 (1 - |w|^2) + eta (2 - |w|^2)^2 >= 0. It contains the unit ball and a little more: with
    eta = 1/5 it is |w|^2 <= 1.046.., and in general |w|^2 is at most 1 + eta/4. *)
Definition in_region (R : realFieldType) (n : nat) (eta : R) (w : 'rV[R]_n) : Prop :=
  sqnorm w < 2%:R /\ 0 <= 4%:R * (1 - sqnorm w) + eta * (2%:R - sqnorm w) ^+ 2.

(** ** Directions and cosines *)
Section Directions.
Variables (R : rcfType) (m n : nat).
Implicit Types (u v l w : 'rV[R]_n).

(** The length |u|, the unit vector u / |u| (0 for u = 0), and the cosine <u, v> / (|u| |v|) of the
    angle between u and v (0 if one of them is 0). *)
Definition vnorm u : R := Num.sqrt (sqnorm u).
Definition normalised u : 'rV[R]_n := (vnorm u)^-1 *: u.
Definition cosine u v : R := dot u v / (vnorm u * vnorm v).

Variables (kind : activation) (a : 'I_m -> 'rV[R]_n).

(** The normalised active part of w: linear, of the projection of w on the span of the data; ReLU, of
    the part along the points with a positive correlation. *)
Definition gd_direction w : 'rV[R]_n := normalised (active_part kind a w).

(** To within e, w has with the start w0 the cosine |<w0, a_i>| / |w0|, with the data point a_i the
    cosine 1 or -1, and with every other data point the cosine 0. *)
Definition cosines_within w0 (e : R) (i : 'I_m) w : bool :=
  [&& `|cosine w w0 - `|corr a w0 i| / vnorm w0| <= e, `| `|cosine w (a i)| - 1| <= e &
      [forall j, (j != i) ==> (`|cosine w (a j)| <= e)]].
End Directions.

(** ** Covariance of gradients: of the samples, and of the means of all batches of b of them *)
Section Covariance.
Variables (R : realFieldType) (m n b : nat) (g : 'I_m -> 'rV[R]_n).
Definition average : 'rV[R]_n := m%:R^-1 *: \sum_i g i.
Definition batch_average (o : batch m b) : 'rV[R]_n := b%:R^-1 *: \sum_(i in val o) g i.
Definition outer_sq (v : 'rV[R]_n) : 'M[R]_n := outer v v.
Definition covariance : 'M[R]_n := m%:R^-1 *: \sum_i outer_sq (g i - average).
Definition batch_covariance : 'M[R]_n :=
  #|{: batch m b}|%:R^-1 *: \sum_(o : batch m b) outer_sq (batch_average o - average).
End Covariance.

(** ** SGD with replacement, and with random step sizes *)
Section Steps.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).

(** A draw with replacement: an ordered list of b of the m points, repetitions allowed. All m^b
    lists are equally likely, so the b entries are independent and each of them is uniform. *)
Definition draw (b : nat) := b.-tuple 'I_m.

(** The step of mini-batch SGD on such a list, step size eta: the mean of the gradients of its
    entries, each as often as it is drawn. *)
Definition replacement_step (eta : R) (b : nat) (s : draw b) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - (eta / b%:R) *: \sum_(k <- s) sample_gradient kind a k w.

(** The mean of vectors g_i over the list, and the covariance matrix of that mean over all m^b lists
    ([average] is the mean of all g_i, [outer_sq v] the matrix v^T v). *)
Definition list_average (b : nat) (g : 'I_m -> 'rV[R]_n) (s : draw b) : 'rV[R]_n :=
  b%:R^-1 *: \sum_(k <- s) g k.
Definition list_covariance (b : nat) (g : 'I_m -> 'rV[R]_n) : 'M[R]_n :=
  #|{: draw b}|%:R^-1 *: \sum_(s : draw b) outer_sq (list_average g s - average g).

(** How often point i is in the list. *)
Definition multiplicity (b : nat) (s : draw b) (i : 'I_m) : nat := count_mem i s.

(** Poisson sampling: every point is in the batch or not, independently of the others, with
    probability k/d. A draw is a function from the points to 0 .. d-1, all equally likely, and the
    points with values below k are taken; each taken point moves by the step size alpha. The batch
    may be empty. *)
Definition poisson_draw (d : nat) := {ffun 'I_m -> 'I_d}.
Definition poisson_step (alpha : R) (d k : nat) (f : poisson_draw d) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - alpha *: \sum_(i | (f i < k)%N) sample_gradient kind a i w.

(** More generally a step with a step size lambda i of its own for each point i (0: not used) ... *)
Definition own_steps (lambda : 'I_m -> R) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - \sum_i lambda i *: sample_gradient kind a i w.

(** ... and with random ones: the outcome o of a draw from a finite set gives the step sizes. *)
Definition random_step (Om : finType) (lambda : Om -> 'I_m -> R) (o : Om)
  (w : 'rV[R]_n) : 'rV[R]_n :=
  own_steps (lambda o) w.
End Steps.

(** Exchangeable random step sizes in [0, 1/5]: the exchange of any two points turns the family of
    all outcomes into itself. (Outcomes are equally likely; the same step sizes may belong to
    several of them, so any rational probabilities can be had.) *)
Record exchangeable (R : realFieldType) (m : nat) (Om : finType) (lambda : Om -> 'I_m -> R) : Prop := {
  step_size_ge0 : forall o i, 0 <= lambda o i;
  step_size_le : forall o i, lambda o i <= 5%:R^-1;
  step_size_swap : forall i j, exists2 swap : Om -> Om, involutive swap &
                   forall o k, lambda (swap o) k = lambda o (tperm i j k) }.

(** Uneven: some outcome treats two points differently; if there is only one point, some outcome
    moves it at all. *)
Definition uneven (R : realFieldType) (m : nat) (Om : finType) (lambda : Om -> 'I_m -> R) : Prop :=
  (exists o i j, lambda o i != lambda o j) \/ (m = 1%N /\ exists o i, lambda o i != 0).

(** ** Lists *)

(** A list of numbers as a row of n; what is missing counts as 0. *)
Definition row_of (R : realFieldType) (n : nat) (u : seq R) : 'rV[R]_n := \row_j nth 0 u j.
