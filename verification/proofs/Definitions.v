(** * What the theorems speak of

    One neuron with tied weights as autoencoder of orthonormal data: the model, its loss, gradient
    descent on batches, and what "almost surely" means for independent random batches. There is no
    proof in this file. Together with [Statements] it is all that a sceptic has to read: a theorem
    is a named statement of that file, and the kernel has checked a proof of it.

    R is an arbitrary ordered field, for instance the real numbers. Where roots are taken, in a
    statement or in its proof, R is real closed ([rcfType]); where a statement needs it, R is also
    archimedean, and [archimedean R] is then one of its hypotheses: such R are subfields of the real
    numbers (the real numbers themselves, the real algebraic numbers). There are [m] points in R^n,
    both arbitrary. A point or a weight vector is a row ['rV[R]_n]; ['I_m] are the numbers
    0 .. m-1. [k%:R] is the number k in R, and x / 0 is 0, as always in MathComp. *)
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
    written with squares, so that no root is needed: e plays the part of epsilon^2. *)
Definition is_gradient (F : 'rV[R]_n -> R) w g :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, sqnorm h <= d -> (F (w + h) - F w - dot g h) ^+ 2 <= e * sqnorm h.

(** The same for a vector field G with the matrix H; if G is the gradient of F, H is the Hessian. *)
Definition is_derivative (G : 'rV[R]_n -> 'rV[R]_n) w (H : 'M[R]_n) :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, sqnorm h <= d -> sqnorm (G (w + h) - G w - h *m H) <= e * sqnorm h.

(** ** Closed forms

    The correlations c_i = <w, a_i>; the energy C = sum of phi(c_i)^2; the active part G = sum of
    phi(c_i) a_i; and rest = |w|^2 - C. For orthonormal data C = |G|^2, and rest = |w - G|^2 is what
    is left of |w|^2, in directions outside the data's span and, for ReLU, on negative correlations.
    *)
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
    squared distance is at most K q^t for some K and some 0 <= q < 1. If R is archimedean, this
    implies convergence ([linear_is_convergent]). If it is not, q^t need not tend to 0: then
    [gd_limit] and [gd_converges_rate], with their explicit q, are the statements to read. *)
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

(** No point is active: linear, w is orthogonal to all a_i; ReLU, no <w, a_i> is positive. *)
Definition silent : Prop :=
  forall i, match kind with Linear => corr a w i = 0 | Relu => corr a w i <= 0 end.

(** A dead neuron: ReLU, and all <w, a_i> are negative, so it is silent also near w. *)
Definition dead : Prop := kind = Relu /\ forall i, corr a w i < 0.

(** The points to which the neuron with the weights w responds: linear, <w, a_i> is not 0; ReLU, it
    is positive. In other words phi(<w, a_i>) is not 0. Such a point is called active at w; if w is
    the start of a run, it is called eligible. *)
Definition eligible (i : 'I_m) : bool :=
  if kind is Relu then 0 < corr a w i else corr a w i != 0.
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

(** The one-sided Hessian of the loss at w towards h: a kink has the slope of the side to which h
    leads. (Where <h, a_i> = 0 the value 0 is a choice; h H, which is what is used, does not depend
    on it.) *)
Definition hessian_towards w h : 'M[R]_n :=
  weighted_hessian (fun i => curvature (if 0 < corr a h i then 1 else 0) (corr a w i)) w.

(** w is at a kink of ReLU: some <w, a_i> is 0. The linear neuron has none. *)
Definition at_kink w : bool := if kind is Relu then [exists i, corr a w i == 0] else false.

(** k, the number of points at which phi has slope 1. Linear: all m, also those with <w, a_i> = 0,
    which are not active. ReLU: those with <w, a_i> > 0, which are the active ones. *)
Definition active_count w : nat := if kind is Relu then #|[set i | 0 < corr a w i]| else m.

(** [is_derivative] for displacements h in a cone K only. *)
Definition is_derivative_on (K : 'rV[R]_n -> Prop) (G : 'rV[R]_n -> 'rV[R]_n) w (H : 'M[R]_n) :=
  forall e, 0 < e -> exists2 d, 0 < d &
  forall h, K h -> sqnorm h <= d -> sqnorm (G (w + h) - G w - h *m H) <= e * sqnorm h.
End Curvature.

(** ** Chance without measure theory

    T independent draws, each uniform on a finite set Om, are the T-tuples over Om, all equally
    likely. [chance R T P] is the share of them that have the property P. (Om is not empty: x / 0 is
    0, but no theorem makes use of that here.) *)
Section Chance.
Variables (R : realFieldType) (Om : finType).
Definition chance T (P : pred (seq Om)) : R :=
  #|[set s : T.-tuple Om | P s]|%:R / (#|Om| ^ T)%:R.

(** The mean of a number F(o) over all draws. *)
Definition mean (F : Om -> R) : R := (\sum_o F o) / #|Om|%:R.

(** The states w_0, w_1, .., w_T of a run that starts at w, by the draws o_1, .., o_T. *)
Variables (W : Type) (next : Om -> W -> W).
Definition states w (s : seq Om) : seq W := w :: scanl (fun w o => next o w) w s.

(** The last of them; and whether some state from time T0 on is bad. *)
Definition run w (s : seq Om) : W := foldl (fun w o => next o w) w s.
Definition late T0 (bad : pred W) w s : bool := has bad (drop T0 (states w s)).

(** V tends to 0 almost surely in the run from w: for all e, p > 0 there is a time after which, with
    chance at least 1 - p, V stays below e, however long one looks. *)
Definition vanishes_almost_surely (V : W -> R) w : Prop := forall e p, 0 < e -> 0 < p ->
  exists T0, forall T, chance (T0 + T) (late T0 (fun v => e <= V v) w) <= p.
End Chance.

(** Archimedes' property: no element is larger than all natural numbers. *)
Definition archimedean (R : realFieldType) := forall x : R, exists k : nat, x <= k%:R.

(** ** Almost surely, for infinite sequences of draws

    Independent uniform draws from the finite set Om, one after the other for ever. An event is
    decided by finitely many draws: it is given as a set of words, and it has happened in the word
    s if s begins with one of them. A property of infinite sequences holds almost surely if for
    every p > 0 there is an event, the alarm, that happens with probability at most p, and every
    sequence in which it never happens has the property: the sequences without the property have a
    cover of cylinder sets of total probability at most p, they are a null set. *)
Definition happened (Om : finType) (event : pred (seq Om)) (s : seq Om) : bool :=
  has (fun t => event (take t s)) (iota 0 (size s).+1).
Definition almost_surely (Om : finType) (property : (nat -> Om) -> Prop) : Prop :=
  forall p : rat, 0 < p -> exists alarm : pred (seq Om),
    (forall draws, (forall t, ~~ alarm (mkseq draws t)) -> property draws) /\
    (forall T, (chance _ T (happened alarm) : rat) <= p).

(** A notion that is at least as strong, which some of the theorems reach. Here an event is said to
    happen surely if it happens sooner or later with probability 1: the share of the words of length
    T in which it has not happened is as small as one likes for some T. The property holds almost
    surely in the strong sense if it follows from countably many such events: each of them happens
    surely, and every sequence in which all of them happen has the property. (Such sequences contain
    a dense G_delta set of full measure; laws of large numbers are not of this kind.) That the
    notion is at least as strong is a theorem: [almost_surely_null]. *)
Definition happens_surely (Om : finType) (event : pred (seq Om)) : Prop :=
  forall p : rat, 0 < p -> exists T, (chance _ T (fun s => ~~ happened event s) : rat) <= p.
Definition almost_surely_strong (Om : finType) (property : (nat -> Om) -> Prop) : Prop :=
  exists event : nat -> pred (seq Om), (forall j, happens_surely (event j)) /\
    forall draws, (forall j, exists t, event j (mkseq draws t)) -> property draws.

(** ** "The run ends at one data point, almost surely"

    A run is given by its start w0 and by [next o w], the weights that the draw o makes of w. *)
Section OnePoint.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (Om : finType) (next : Om -> 'rV[R]_n -> 'rV[R]_n) (w0 : 'rV[R]_n).

(** w is within e of a_i, or of -a_i if <w0, a_i> is negative. (Used for eligible points i only: if
    <w0, a_i> is 0, this is the ball around 0.) *)
Definition within (e : R) (i : 'I_m) (w : 'rV[R]_n) : bool :=
  sqnorm (w - Num.sg (corr a w0 i) *: a i) <= e ^+ 2.

(** From step T0 on, all weights are within e of one and the same eligible point. (Used for at least
    T0 draws only.) *)
Definition settled_at_one (e : R) (T0 : nat) (os : seq Om) : bool :=
  [exists i, eligible kind a w0 i && all (within e i) (drop T0 (states next w0 os))].

(** Almost surely, in finite terms: for all e, p > 0 there is a step T0 such that, however long one
    looks, the share of the sequences of draws for which that is not so is at most p. (For infinite
    sequences of draws: [converges_to_one_point].) *)
Definition ends_at_one_point : Prop := forall e p : R, 0 < e -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (fun os => ~~ settled_at_one e T0 os) <= p.
End OnePoint.

(** ** Infinite runs *)

(** The states w_0, w_1, w_2, .. of a run that goes on for ever: the step from w_t to w_t+1 uses
    [draws t]. (For mini-batch SGD, [next] is [sgd_step kind a eta] and [draws t] a batch.) *)
Fixpoint iterates (Om W : Type) (next : Om -> W -> W) (w0 : W) (draws : nat -> Om) (t : nat) : W :=
  if t is t'.+1 then next (draws t') (iterates next w0 draws t') else w0.

Section Runs.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (Om : finType) (next : Om -> 'rV[R]_n -> 'rV[R]_n) (w0 : 'rV[R]_n).

(** The data point a_i with the sign of <w0, a_i>: a_i, or -a_i if <w0, a_i> is negative. (Used for
    eligible points only: if <w0, a_i> is 0, it is 0.) *)
Definition signed_point (i : 'I_m) : 'rV[R]_n := Num.sg (corr a w0 i) *: a i.

(** Along almost every infinite sequence of draws the weights converge to one data point, an
    eligible one (linear: <w0, a_i> <> 0; ReLU: > 0) with the sign of <w0, a_i>. *)
Definition converges_to_one_point : Prop := almost_surely (fun draws : nat -> Om =>
  exists i, eligible kind a w0 i /\ converges_to (iterates next w0 draws) (signed_point i)).

(** Along almost every infinite sequence of draws there is one eligible point a_i such that from
    some step on |w_t - sgn<w0,a_i> a_i|^2 <= r^t, for the given r: if 0 <= r < 1, the convergence
    is exponential. *)
Definition converges_like (r : R) : Prop := almost_surely (fun draws : nat -> Om =>
  exists i, eligible kind a w0 i /\ exists T, forall t, (T <= t)%N ->
    sqnorm (iterates next w0 draws t - signed_point i) <= r ^+ t).
End Runs.

(** ** Mini-batch SGD without replacement

    A batch is a set of b of the m points. All are equally likely, and draws are independent. *)
Definition batch (m b : nat) := {B : {set 'I_m} | #|B| == b}.

Section MiniBatch.
Variables (R : realFieldType) (m n b : nat) (kind : activation).
Variables (a : 'I_m -> 'rV[R]_n)                       (* the data *)
          (eta : R)                                    (* the step size *)
          (w0 : 'rV[R]_n).                             (* the start *)

(** One step on the batch B. It is [step kind a eta (val B) w]. *)
Definition sgd_step (B : batch m b) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - (eta / #|val B|%:R) *: \sum_(i in val B) sample_gradient kind a i w.

(** The weights w_0, w_1, .., w_T for the batches B_1, .., B_T. *)
Definition trajectory (Bs : seq (batch m b)) : seq 'rV[R]_n := states sgd_step w0 Bs.

(** From step T0 on, all weights are within e of one and the same eligible point. *)
Definition settled : R -> nat -> seq (batch m b) -> bool := settled_at_one kind a sgd_step w0.
End MiniBatch.

(** The share of those sequences of T batches for which the last weight w_T is within e of point i
    (of -a_i if <w0, a_i> < 0): the probability that SGD is near point i at time T. Used for
    eligible points i. *)
Definition selection (R : realFieldType) (m n b : nat) (kind : activation)
  (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n) (T : nat) (e : R) (i : 'I_m) : R :=
  chance R T (fun Bs : seq (batch m b) => within a w0 e i (last w0 (trajectory kind a eta w0 Bs))).

(** ** The constants of the quantitative theorem

    Closed formulas: field operations and natural powers only, so that a program evaluates them
    exactly on rational numbers. What the comments say of the run is the motivation only; the
    estimates are proved inside [sgd_rate]. All denominators are positive for 0 < b < m and
    0 < eta/b <= 1/5. *)
Section Rates.
Variables (R : realFieldType) (m b : nat) (eta : R).

(** The step size per point of a batch. *)
Definition point_rate : R := eta / b%:R.

(** The chance that a batch of b of the m points has a given point. *)
Definition in_batch : R := b%:R / m%:R.

(** The chance that it has exactly one of two given points. *)
Definition split_pair : R := 2%:R * b%:R * (m%:R - b%:R) / (m%:R * (m%:R - 1)).

(** As long as C < 9/10, C the sum of the squares phi(<w, a_i>)^2, the ratio (19/20 - C)/C shrinks
    on average by at least this factor in a step. *)
Definition wake_factor : R :=
  1 - in_batch * (19%:R / 10%:R * point_rate / (1 + 19%:R / 10%:R * point_rate)).

(** The noise's drift: near a data point a_l the square root of |c_j/c_l| loses on average at least
    this share of its size in a step, for every other point j. *)
Definition drift_rate : R := 19%:R / 4000%:R * point_rate ^+ 2 * split_pair.

(** Near a data point the functional F, the sum of these roots and a small multiple of
    4 rest + |1 - C|, loses on average at least this share of its size in a step. *)
Definition settle_rate : R := 19%:R / 20%:R * drift_rate.

(** Let l be the strongest point. A step on a batch that has l and not j multiplies the root of
    |c_j/c_l| by at most [omitted] (1 - z/2 - z^2/10 bounds the square root of 1 - z); batches that
    have both or neither leave it alone. So on average over the batches that have l it is multiplied
    by at most [with_leader]. *)
Definition omitted : R :=
  let z := 19%:R / 20%:R * point_rate / (1 + 19%:R / 20%:R * point_rate) in
  1 - z / 2%:R - z ^+ 2 / 10%:R.
Definition with_leader : R := (b%:R - 1 + (m%:R - b%:R) * omitted) / (m%:R - 1).

(** Over all batches it is multiplied by at most [mean_growth] on average, where C >= 9/10: the
    batches that have l and not j and those that have j and not l nearly cancel. *)
Definition mean_growth : R :=
  let z := 11%:R / 10%:R * point_rate / (1 - 9%:R / 10%:R * point_rate) in
  1 + split_pair * (z ^+ 2 / 8%:R).

(** The factor for a batch without l that, with [with_leader], gives that average. *)
Definition without_leader : R := (mean_growth - in_batch * with_leader) / (1 - in_batch).

(** The sum of the roots over the points j other than the strongest is at most m - 1. If k of
    [climb] steps are with it, and if these factors were exact, it would end at (m-1) with_leader^k
    without_leader^(climb-k). What this is below 49/100, if anything: *)
Definition room (climb k : nat) : R :=
  let x := 49%:R / 100%:R - (m%:R - 1) * with_leader ^+ k * without_leader ^+ (climb - k) in
  if 0 <= x then x else 0.

(** Twice the mean of [room] over the number k of batches with the leader among [climb] batches,
    which is binomial. From every state with C >= 9/10 at which F (see [settle_rate]) is at least
    1/2, min(F, 1/2) drops in [climb] steps on average by at least this share of itself. *)
Definition capture_chance (climb : nat) : R :=
  2%:R * \sum_(k < climb.+1)
    'C(climb, k)%:R * in_batch ^+ k * (1 - in_batch) ^+ (climb - k) * room climb k.

(** Which natural numbers will do. For the capture, C0 being the start's C and p the chance that may
    be missed (the condition on [climb] is not monotone in it): *)
Definition capture_numbers (C0 p : R) (wake climb capture halvings : nat) : Prop :=
  [/\ 9%:R / 10%:R <= C0 \/ 36%:R * (19%:R / 20%:R - C0) * wake_factor ^+ wake <= p * C0,
      1 <= capture%:R * settle_rate,
      (0 < climb)%N /\ climb%:R <= capture%:R * capture_chance climb &
      2%:R <= 2%:R ^+ halvings * p].

(** For being within e after that: *)
Definition settle_numbers (e : R) (settle refinements : nat) : Prop :=
  1 <= settle%:R * settle_rate /\ 1 <= 2%:R ^+ refinements * (2%:R * drift_rate * e ^+ 2).
End Rates.

(** The number of steps after which, but for the chance p, the squared distance to one point
    decreases like (1 - settle_rate)^t for ever ([sgd_rate]): [wake] steps to C >= 9/10, then
    [climb] + [capture] * [halvings] steps; *)
Definition capture_time (wake climb capture halvings : nat) : nat :=
  (wake + (climb + capture * halvings))%N.

(** and that after which it is close to it: [settle] * [refinements] more, in which the bound on the
    squared distance is halved [refinements] times. *)
Definition settling_time (wake climb capture halvings settle refinements : nat) : nat :=
  (capture_time wake climb capture halvings + settle * refinements)%N.

Section Geometric.
Variables (R : realFieldType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (eta : R) (w0 : 'rV[R]_n).

(** There is one eligible point a_i such that at every step t from T0 on the squared distance of w_t
    to it (to -a_i if <w0, a_i> is negative) is at most r(t). (Used for at least T0 batches only.)
    *)
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

(** At w the point i leads: it is active, |phi(c_i)| > 0, and the neuron responds to no point more
    strongly; ties are allowed. For the linear neuron |phi(c_j)| = |c_j|, so that c_i is not 0 and
    |c_i| is the largest |c_j|; for ReLU phi(c_j) is c_j where that is positive and else 0, so that
    c_i is positive and the largest c_j. *)
Definition leads (i : 'I_m.+1) (w : 'rV[R]_n) : Prop :=
  phi kind (corr a w i) != 0 /\ forall j, `|phi kind (corr a w j)| <= `|phi kind (corr a w i)|.

End Cyclic.

(** The region of weights from which cyclic SGD is studied: |w|^2 < 2 and
    4 (1 - |w|^2) + eta (2 - |w|^2)^2 >= 0. For eta >= 0 it contains the unit ball, and |w|^2 is at
    most 1 + eta/4 in it; with eta = 1/5 it is the ball |w|^2 <= 12 - sqrt(120) = 1.0455.. (smaller
    than the ball |w|^2 <= 21/20 of the theorems on random batches). *)
Definition in_region (R : realFieldType) (n : nat) (eta : R) (w : 'rV[R]_n) : Prop :=
  sqnorm w < 2%:R /\ 0 <= 4%:R * (1 - sqnorm w) + eta * (2%:R - sqnorm w) ^+ 2.

Section Walk.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).

(** The rivals of the point l: the sum of |phi(c_j)| over all other points j. *)
Definition rivals_sum (l : 'I_m) (w : 'rV[R]_n) : R := \sum_(j | j != l) `|phi kind (corr a w j)|.

(** The lead of the point l over the sum of its rivals, V_l = |phi(c_l)| / sum_{j != l} |phi(c_j)|,
    where some rival is active (else it is 0, as x/0 is 0 here); and V, the lead of the strongest
    point. log V is the walk R_t of the proof of Ghosh and others. *)
Definition lead_over (l : 'I_m) (w : 'rV[R]_n) : R := `|phi kind (corr a w l)| / rivals_sum l w.
Definition largest_lead (w : 'rV[R]_n) : R := \big[Num.max/0]_(l < m) lead_over l w.

(** The weights after t steps for a given sequence of batches, of any sizes. *)
Fixpoint run_batches (eta : R) (Bs : nat -> {set 'I_m}) (w0 : 'rV[R]_n) (t : nat) : 'rV[R]_n :=
  if t is t'.+1 then step kind a eta (Bs t') (run_batches eta Bs w0 t') else w0.
End Walk.

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

(** The normalised active part of w: linear, of the projection of w on the span of the data; ReLU,
    of the part along the points with a positive correlation. *)
Definition gd_direction w : 'rV[R]_n := normalised (active_part kind a w).

(** To within e, w has with the start w0 the cosine |<w0, a_i>| / |w0|, with the data point a_i the
    cosine 1, or -1 if <w0, a_i> is negative, and with every other data point the cosine 0. (Used
    for eligible points i.) *)
Definition cosines_within w0 (e : R) (i : 'I_m) w : bool :=
  [&& `|cosine w w0 - `|corr a w0 i| / vnorm w0| <= e,
      `|cosine w (a i) - Num.sg (corr a w0 i)| <= e &
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
    points with values below k are taken; the weights take a step of size alpha along minus the
    gradient of each taken point. The batch may be empty. *)
Definition poisson_draw (d : nat) := {ffun 'I_m -> 'I_d}.
Definition poisson_step (alpha : R) (d k : nat) (f : poisson_draw d) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - alpha *: \sum_(i | (f i < k)%N) sample_gradient kind a i w.

(** More generally: a step with a step size lambda i of its own for each point i (0: not used). *)
Definition own_steps (lambda : 'I_m -> R) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - \sum_i lambda i *: sample_gradient kind a i w.

(** The same with random step sizes: the outcome o of a draw from a finite set gives them. *)
Definition random_step (Om : finType) (lambda : Om -> 'I_m -> R) (o : Om)
  (w : 'rV[R]_n) : 'rV[R]_n :=
  own_steps (lambda o) w.
End Steps.

(** Exchangeable random step sizes, all of them between 0 and 1/5 (the bounds are part of this
    record): the exchange of any two points turns the family of all outcomes into itself. (Outcomes
    are equally likely; the same step sizes may belong to several of them, so any rational
    probabilities can be had.) *)
Record exchangeable (R : realFieldType) (m : nat) (Om : finType)
    (lambda : Om -> 'I_m -> R) : Prop := {
  step_size_ge0 : forall o i, 0 <= lambda o i;
  step_size_le : forall o i, lambda o i <= 5%:R^-1;
  step_size_swap : forall i j, exists2 swap : Om -> Om, involutive swap &
                   forall o k, lambda (swap o) k = lambda o (tperm i j k) }.

(** Uneven: some outcome gives two points different step sizes; if there is only one point, some
    outcome gives it a step size other than 0. *)
Definition uneven (R : realFieldType) (m : nat) (Om : finType) (lambda : Om -> 'I_m -> R) : Prop :=
  (exists o i j, lambda o i != lambda o j) \/ (m = 1%N /\ exists o i, lambda o i != 0).

(** ** A tied autoencoder of h neurons *)
Section TiedNetwork.
Variables (R : realFieldType) (m n h : nat) (kind : activation).
Variable a : 'I_m -> 'rV[R]_n.             (* the data a_1 .. a_m: any vectors of R^n *)
(* W k: the weights w_k of neuron k *)
Implicit Types (W : 'I_h -> 'rV[R]_n) (i : 'I_m) (k : 'I_h).

(** Neuron k sees <w_k, a_i>; its feature is phi(<w_k, a_i>), phi the identity or ReLU. *)
Definition pre W k i : R := dot (W k) (a i).
Definition feature W k i : R := phi kind (pre W k i).
(** The network gives sum_k phi(<w_k, a_i>) w_k; what is missing from a_i is the residual e_i. *)
Definition output W i : 'rV[R]_n := \sum_k feature W k i *: W k.
Definition residual W i : 'rV[R]_n := a i - output W i.
(** The loss of one sample, |e_i|^2/2. *)
Definition tied_loss i W : R := 2%:R^-1 * sqnorm (residual W i).

(** What the derivative of phi, which ReLU does not have at 0, is taken to be there: any one number,
    the same for all neurons, points and times. *)
Variable kink : R.
(** Row k of the gradient of the loss of sample i. *)
Definition tied_gradient i W k : 'rV[R]_n :=
  - (feature W k i *: residual W i
     + (curvature kind kink (pre W k i) * dot (W k) (residual W i)) *: a i).
(** Only the row of neuron k is changed, to w. *)
Definition with_row W k w : 'I_h -> 'rV[R]_n := fun k' => if k' == k then w else W k'.

(** The points that are reconstructed exactly. *)
Definition exact_set W : {set 'I_m} := [set i | residual W i == 0].
(** All or nothing: every point is reconstructed exactly, or is invisible: all its features are 0
    (linear neurons: <w_k, a_i> = 0 for every k; ReLU: <w_k, a_i> <= 0 for every k). *)
Definition all_or_nothing_point W : Prop :=
  forall i, residual W i = 0 \/ forall k, feature W k i = 0.

(** ** Mini-batch SGD with a constant step size *)
Variable eta : R.
(** One step on the points listed in [points] (a point that is listed twice counts twice). *)
Definition tied_step (points : seq 'I_m) W : 'I_h -> 'rV[R]_n :=
  fun k => W k - (eta / (size points)%:R) *: \sum_(i <- points) tied_gradient i W k.

(** W_0, W_1, W_2, ..: the step from W_t to W_t+1 uses the points listed in [points t]. *)
Fixpoint tied_run (points : nat -> seq 'I_m) (W0 : 'I_h -> 'rV[R]_n) (t : nat) : 'I_h -> 'rV[R]_n :=
  if t is t'.+1 then tied_step (points t') (tied_run points W0 t') else W0.

(** Convergence of the weights: |w_k(t) - w_k| tends to 0 for each neuron k. *)
Definition weights_converge_to (weights : nat -> 'I_h -> 'rV[R]_n) W : Prop :=
  forall e, 0 < e -> exists T, forall t, (T <= t)%N ->
    forall k, sqnorm (weights t k - W k) <= e ^+ 2.

(** On which side of its kink neuron k sees point i: is <w_k, a_i> positive, is it negative? *)
Definition sign_pattern W : {ffun 'I_h * 'I_m -> bool * bool} :=
  [ffun ki => (0 < pre W ki.1 ki.2, pre W ki.1 ki.2 < 0)].

(** Draws come from a finite set Om (the sets of b points, or the b-tuples of points); [points o]
    lists the points of the draw o. *)
Variables (Om : finType) (points : Om -> seq 'I_m).

(** A sequence of draws is fair for the run that it makes from W0 if nobody loses every bet:
    whoever bets, at each time, on a draw chosen by the present sign pattern of the run, wins
    again and again. (The bettor sees the sign pattern only.) *)
Definition fair (W0 : 'I_h -> 'rV[R]_n) (draws : nat -> Om) : Prop :=
  forall (bet : {ffun 'I_h * 'I_m -> bool * bool} -> Om) T0, exists t, (T0 <= t)%N /\
    draws t = bet (sign_pattern (tied_run (fun u => points (draws u)) W0 t)).

End TiedNetwork.

(** Every possible draw comes again and again. *)
Definition recurrent (Om : finType) (draws : nat -> Om) : Prop :=
  forall (o : Om) T0, exists t, (T0 <= t)%N /\ draws t = o.

(** The points of a draw without replacement (a set of b points), with replacement (a b-tuple). *)
Definition batch_points (m b : nat) (B : batch m b) : seq 'I_m := enum (val B).
Definition tuple_points (m b : nat) (B : b.-tuple 'I_m) : seq 'I_m := B.

(** ** The last layer of any network
    [z i k]: the k-th feature that the network hands to its last layer on input i, however it
    computes it; the last layer is linear without bias (a bias is a feature that is always 1) and
    gives sum_k (z i k) u_k, to be compared with the target y_i. *)
Section LastLayer.
Variables (R : realFieldType) (m n h : nat) (y : 'I_m -> 'rV[R]_n).
Definition last_residual (z : 'I_m -> 'I_h -> R) (U : 'I_h -> 'rV[R]_n) (i : 'I_m) : 'rV[R]_n :=
  y i - \sum_k z i k *: U k.
(** Row k of the gradient of |y_i - sum_k (z i k) u_k|^2/2. *)
Definition last_gradient (z : 'I_m -> 'I_h -> R) (U : 'I_h -> 'rV[R]_n) (i : 'I_m) k : 'rV[R]_n :=
  - (z i k *: last_residual z U i).
(** The last layers U_0, U_1, .. are trained by SGD with step size eta on the points listed in
    [points t]; the features z_0, z_1, .. change with t in any way. *)
Definition last_layer_sgd (eta : R) (points : nat -> seq 'I_m) (z : nat -> 'I_m -> 'I_h -> R)
    (U : nat -> 'I_h -> 'rV[R]_n) : Prop :=
  forall t k, U t.+1 k = U t k - (eta / (size (points t))%:R) *:
    \sum_(i <- points t) last_gradient (z t) (U t) i k.
(** Convergence of the features of every point. *)
Definition features_converge (z : nat -> 'I_m -> 'I_h -> R) (zlim : 'I_m -> 'I_h -> R) : Prop :=
  forall e, 0 < e -> exists T, forall t, (T <= t)%N -> forall i k, `|z t i k - zlim i k| <= e.
End LastLayer.

(** For orthonormal data: r points are exact, r <= rank of the weights <= h, the others are
    invisible, and the mean loss is (m - r)/(2m). *)
Definition orthonormal_limit (R : realFieldType) (m n h : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n) : Prop :=
  let r := #|exact_set kind a W| in
  [/\ forall i, i \notin exact_set kind a W -> forall k, feature kind a W k i = 0,
      (r <= \rank (\matrix_k W k : 'M[R]_(h, n)))%N,
      (\rank (\matrix_k W k : 'M[R]_(h, n)) <= h)%N &
      (\sum_i tied_loss kind a i W) / m%:R = (m%:R - r%:R) / (2%:R * m%:R)].

(** With independent uniform draws, almost surely in the strong sense ([almost_surely_strong]): if
    the weights converge at all, their limit has the property. (Whether they converge is not said.)
    *)
Definition every_limit (R : realFieldType) (m n h : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    (kink eta : R) (Om : finType) (points : Om -> seq 'I_m) (W0 : 'I_h -> 'rV[R]_n)
    (property : ('I_h -> 'rV[R]_n) -> Prop) : Prop :=
  almost_surely_strong (fun draws : nat -> Om => forall W,
    weights_converge_to (tied_run kind a kink eta (fun t => points (draws t)) W0) W -> property W).

(** ** Betting on the next draw
    A player may see the draws so far and bet on the next one, or not bet ([None]). In the word s of
    draws, [placed] counts the bets, and [lost] says that none was won: the draw that follows the
    first t draws, the head of [drop t s], is never the one that was bet on. *)
Section Bets.
Variables (Om : finType) (bet : seq Om -> option Om).
Definition placed (s : seq Om) : nat := count (fun t => isSome (bet (take t s))) (iota 0 (size s)).
Definition lost (s : seq Om) : bool :=
  all (fun t => bet (take t s) != ohead (drop t s)) (iota 0 (size s)).
End Bets.

(** ** Lists *)

(** A list of numbers as a row of n: what is missing counts as 0, entries beyond n are dropped. *)
Definition row_of (R : realFieldType) (n : nat) (u : seq R) : 'rV[R]_n := \row_j nth 0 u j.
