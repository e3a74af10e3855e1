(** * Loss and step of the neuron as programs on lists of numbers

    The operations on numbers are parameters. On an ordered field these programs compute the loss
    and the step of [Definitions]: theorem [programs_correct]. The kernel also runs them, on Coq's
    binary rationals, and what it finds is compared with Python's exact fractions. *)
Set Implicit Arguments.

Section Programs.
Variables (T : Type) (zero one : T) (add sub mul : T -> T -> T) (nonneg : T -> bool).

(** The scalar product; the longer list is cut to the shorter. *)
Fixpoint dot_of (u v : list T) : T :=
  match u, v with
  | cons x u', cons y v' => add (mul x y) (dot_of u' v')
  | _, _ => zero
  end.

(** x u + y v, entry by entry; the longer list is cut to the shorter. *)
Fixpoint combine (x y : T) (u v : list T) : list T :=
  match u, v with
  | cons s u', cons t v' => cons (add (mul x s) (mul y t)) (combine x y u' v')
  | _, _ => nil
  end.

(** The sum of a list of numbers, and f applied to each item of a list. *)
Fixpoint sum_of (values : list T) : T :=
  match values with cons x rest => add x (sum_of rest) | nil => zero end.

Fixpoint each (A B : Type) (f : A -> B) (items : list A) : list B :=
  match items with cons x rest => cons (f x) (each f rest) | nil => nil end.

Definition phi_of (relu : bool) (t : T) : T := if relu then (if nonneg t then t else zero) else t.

(** Half the squared length of x - phi(<w, x>) w; [half] is 1/2. *)
Definition sample_loss_of (half : T) (relu : bool) (w x : list T) : T :=
  let error := combine one (sub zero (phi_of relu (dot_of w x))) x w in
  mul half (dot_of error error).

(** The mean of the losses of the points; [share] is 1 over their number. *)
Definition loss_of (half share : T) (relu : bool) (w : list T) (points : list (list T)) : T :=
  mul share (sum_of (each (sample_loss_of half relu w) points)).

(** ((N - 2) phi(c)) x + phi(c)^2 w, with c = <w, x> and N = |w|^2. *)
Definition sample_gradient_of (relu : bool) (w x : list T) : list T :=
  let p := phi_of relu (dot_of w x) in
  combine (mul (sub (dot_of w w) (add one one)) p) (mul p p) x w.

(** w less [rate] times the gradient of each point of the batch; [rate] is eta/b. *)
Fixpoint step_of (rate : T) (relu : bool) (w : list T) (points : list (list T)) : list T :=
  match points with
  | cons x rest =>
      combine one (sub zero rate) (step_of rate relu w rest) (sample_gradient_of relu w x)
  | nil => w
  end.
End Programs.
