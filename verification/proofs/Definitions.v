(** * What the theorems speak of

    One neuron with tied weights as autoencoder of orthonormal data: the model, its loss, gradient
    descent on batches, and what "almost surely" means for independent random batches. There is no
    proof in this file. Together with [Statements] it is all that a sceptic has to read: a theorem
    is a named statement of that file, and the kernel has checked a proof of it.

    R is an arbitrary ordered field (real closed where roots are taken, archimedean where a limit
    is), for instance the real numbers; [m] points in R^n, both arbitrary. A point or a weight
    vector is a row ['rV[R]_n]; ['I_m] are the numbers 0 .. m-1. [k%:R] is the number k in R. *)
From mathcomp Require Import all_ssreflect all_algebra.
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

(** The points that the neuron responds to at the start: linear, <w0, a_i> is not 0; ReLU, it is
    positive. *)
Definition eligible (i : 'I_m) : bool :=
  if kind is Relu then 0 < corr a w0 i else corr a w0 i != 0.

(** w is within e of a_i, or of -a_i if <w0, a_i> is negative. *)
Definition within (e : R) (i : 'I_m) (w : 'rV[R]_n) : bool :=
  sqnorm (w - Num.sg (corr a w0 i) *: a i) <= e ^+ 2.

(** From step T0 on, all weights are within e of one and the same eligible point. *)
Definition settled (e : R) (T0 : nat) (Bs : seq (batch m b)) : bool :=
  [exists i, eligible i && all (within e i) (drop T0 (trajectory Bs))].
End MiniBatch.

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
