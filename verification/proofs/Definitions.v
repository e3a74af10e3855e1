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

(** Full-batch gradient descent: t steps on all points. *)
Definition gd (eta : R) (t : nat) w : 'rV[R]_n := iter t (step eta [set: 'I_m]) w.
End Model.

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

(** ** SGD with replacement, and on random weights in general *)
Section Replacement.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).

(** A draw with replacement: a list of b of the m points, repetitions allowed. All m^b lists are
    equally likely, so the b entries are independent and each of them is uniform. *)
Definition draw (b : nat) : finType := [finType of b.-tuple 'I_m].

(** The step of mini-batch SGD on such a list: the mean of the gradients of its entries, each with
    its multiplicity. *)
Definition replacement_step (b : nat) (s : draw b) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - (eta / b%:R) *: \sum_(k <- s) sample_gradient kind a k w.

(** How often point i is in the list. *)
Definition multiplicity (b : nat) (s : draw b) (i : 'I_m) : nat := count_mem i s.

(** More generally a step on random weights: the outcome o of a draw gives point i the weight p o i.
    (With replacement: the multiplicity of i over b. Without: 1/b or 0.) *)
Definition weights_step (Om : finType) (p : Om -> 'I_m -> R) (o : Om) (w : 'rV[R]_n) : 'rV[R]_n :=
  w - eta *: \sum_i p o i *: sample_gradient kind a i w.
End Replacement.

(** Random weights are exchangeable if exchanging two points turns the family of all outcomes into
    itself; they isolate every point if, for each point, some outcome has the weight 1 there (hence,
    weights being non-negative with sum 1, none elsewhere). Outcomes are equally likely; the same
    weights may belong to many outcomes, so any rational probabilities can be had. *)
Record exchangeable (R : realFieldType) (m : nat) (Om : finType) (p : Om -> 'I_m -> R) : Prop := {
  weight_ge0 : forall o i, 0 <= p o i;
  weight_sum : forall o, \sum_i p o i = 1;
  weight_swap : forall i j, exists2 swap : Om -> Om, involutive swap &
                forall o k, p (swap o) k = p o (tperm i j k);
  weight_isolates : forall i, exists o, p o i = 1 }.

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

(** A list of numbers as a row of n; what is missing counts as 0. *)
Definition row_of (R : realFieldType) (n : nat) (u : seq R) : 'rV[R]_n := \row_j nth 0 u j.
