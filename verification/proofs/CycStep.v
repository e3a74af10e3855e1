(** Cyclic SGD, one point a step: what one step does to the norm and to the correlations.

    The idea of the proof (CycStep, CycCycle, CycLimit). Let N = |w|^2 and let x be the energy
    phi(c_i)^2 of the point i whose turn it is. A step multiplies phi(c_i) by s + g and every
    other correlation by s, with s = 1 - eta x and g = eta (2 - N), so that the ratios of the
    others to i fall by 1 + h, h = g/s. In a cycle that starts with the strongest point l, of
    energy X, every other point j also gains once, by its own 1 + h_j; but when its turn comes
    it has been shrunk by all the points before it, to an energy P of at most X/(1 + y)^2, y
    the sum of eta x over these points, while the norm, which raises h_j if it falls, has
    fallen by at most eta y X. Hence h_j < h_l, with a slack of the order of eta^3 X^2: the
    ratios fall geometrically, cycle by cycle. The norm needs one condition, 4 (1 - N) + eta (2
    - N)^2 >= 0, which every step keeps. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.
Implicit Types A N X P y : R.

(** The rate at which the norm of w rises while the batch's energy is small. *)
Definition slope A N : R := 4%:R * (1 - N) + A * (2%:R - N) ^+ 2.

(** [cert] that looks into [slope]. *)
Ltac certs e := rewrite -subr_ge0; match goal with |- is_true (_ ?r) =>
  (have -> : r = e by rewrite /slope; field); positive end.

Lemma slope_ball A N : 0 <= A -> N <= 1 -> 0 <= slope A N.
Proof. by move=> A0 N1; rewrite /slope; positive. Qed.

Lemma slope_norm A N : 0 <= A -> A <= 5%:R^-1 -> N <= 2%:R -> 0 <= slope A N ->
  N <= 21%:R / 20%:R.
Proof.
move=> A0 A1 N2 F0; have N2' : 0 <= 2%:R - N by rewrite subr_ge0.
case: (lerP N 1) => N1; first by cert ((1 - N) + 1 / 20%:R).
have d : 0 <= N - 1 by rewrite subr_ge0 ltW.
certs (slope A N / 4%:R + (5%:R^-1 - A) * (2%:R - N) ^+ 2 / 4%:R
  + (N - 1) * ((2%:R - N) + 1) / 20%:R).
Qed.

(** The next norm, if the batch has the energy X. *)
Definition norm_after A X N : R :=
  (1 - A * X) ^+ 2 * N + (2%:R * (1 - A * X) * (A * (2%:R - N)) + (A * (2%:R - N)) ^+ 2) * X.

Section Norm.
Variables A X N : R.
Hypotheses (A0 : 0 <= A) (A1 : A <= 5%:R^-1) (X0 : 0 <= X) (XN : X <= N)
  (N1 : N <= 21%:R / 20%:R) (F0 : 0 <= slope A N).
Let G : R := slope A N - A * X * (4%:R - 3%:R * N).

Lemma norm_afterE : norm_after A X N = N + A * X * G.
Proof. by rewrite /norm_after /G /slope; ring. Qed.

(** The condition on the norm is kept. *)
Lemma slope_kept : 0 <= slope A (norm_after A X N).
Proof.
have [N1' _ _] := trap_scalar A0 A1 X0 XN N1; rewrite -/(norm_after A X N) in N1'.
have E := norm_afterE; set N' := norm_after A X N in N1' E *.
have S : slope A N' = slope A N - A * X * G * (4%:R + A * (4%:R - N - N')).
  by rewrite E /slope; ring.
have few : 0 <= 4%:R - N - N'.
  by cert ((21%:R / 20%:R - N) + (21%:R / 20%:R - N') + 19%:R / 10%:R).
have four : 0 <= 4%:R - 3%:R * N by cert (3%:R * (21%:R / 20%:R - N) + 17%:R / 20%:R).
have N0 := le_trans X0 XN.
case: (lerP G 0) => G0.
  have G0' : 0 <= - G by rewrite oppr_ge0.
  have -> : slope A N' = slope A N + A * X * (- G) * (4%:R + A * (4%:R - N - N')) by rewrite S;
    ring.
  by positive.
have G0' := ltW G0.
have k0 : 0 <= 4%:R - 2%:R * N by cert (2%:R * (21%:R / 20%:R - N) + 19%:R / 10%:R).
have k : 0 <= 1 - A * X * (4%:R + A * (4%:R - 2%:R * N)).
  cert (A * (N - X) * (4%:R + A * (4%:R - 2%:R * N)) + (5%:R^-1 - A) * N * 4%:R
    + N * (4%:R - 2%:R * N) * ((5%:R^-1 - A) * (5%:R^-1 + A))
    + (401%:R / 200%:R + 99%:R / 5%:R * (21%:R / 20%:R - N) + 2%:R * (21%:R / 20%:R - N) ^+ 2)
      / 25%:R).
have -> : slope A N' = A * X * (4%:R - 3%:R * N)
  + G * (1 - A * X * (4%:R + A * (4%:R - 2%:R * N))) + (A * X * G) * A * (A * X * G).
  by rewrite S E /G; ring.
by positive.
Qed.

(** The norm falls by at most the square of eta times the batch's energy. *)
Lemma norm_fall : N - (A * X) ^+ 2 <= norm_after A X N.
Proof.
rewrite norm_afterE; case: (lerP 1 N) => N2.
  have d : 0 <= N - 1 by rewrite subr_ge0.
  by rewrite /G; certs (A * X * (slope A N + 3%:R * (A * X) * (N - 1))).
have d : 0 <= 1 - N by rewrite subr_ge0 ltW.
have k : 0 <= 4%:R - 3%:R * (A * X).
  by cert (3%:R * (5%:R^-1 - A) * X + 3%:R / 5%:R * ((N - X) + (1 - N)) + 17%:R / 5%:R).
by rewrite /G; certs (A * X * ((1 - N) * (4%:R - 3%:R * (A * X)) + A * (2%:R - N) ^+ 2)).
Qed.
End Norm.

(** The strongest point gains more than any other in its cycle. X is its energy at its own turn,
    P that of the other point at its own turn, N and Nj the squared norms at these turns. *)
Lemma boost A N X P y Nj : 0 <= A -> A <= 5%:R^-1 -> 0 <= X -> X <= N -> N <= 21%:R / 20%:R ->
  A * X <= y -> y <= 4%:R^-1 -> 0 <= P -> P * (1 + y) ^+ 2 <= X -> P <= N ->
  N - A * y * X <= Nj ->
  (1 - A * P + A * (2%:R - Nj)) * (1 - A * X) <=
    (1 - A ^+ 3 * X ^+ 2 / 6%:R) * ((1 - A * X + A * (2%:R - N)) * (1 - A * P)).
Proof.
move=> A0 A1 X0 XN N1 y0 y1 P0 PX PN Nj0.
have AX0 : 0 <= A * X by positive.
have y0' := le_trans AX0 y0.
have N2 : 0 <= 2%:R - N by cert ((21%:R / 20%:R - N) + 19%:R / 20%:R).
have K1 : 0 <= (2%:R - N) * (2%:R + y) - 5%:R / 4%:R * (1 + y) ^+ 2.
  cert ((21%:R / 20%:R - N) * (2%:R + y) + (4%:R^-1 - y) * (31%:R / 20%:R)
    + 5%:R / 4%:R * (4%:R^-1 - y) * (4%:R^-1 + y) + 59%:R / 320%:R).
have K2 : 0 <= (2%:R - N) * (X - P) - y * X * (5%:R / 4%:R - A * X).
  have p : 0 < (1 + y) ^+ 2 by rewrite exprn_gt0 //; apply: (lt_le_trans ltr01); cert y.
  rewrite -(pmulr_rge0 _ p); set d := (X in 0 <= X).
  have -> : d = (2%:R - N) * (X - P * (1 + y) ^+ 2)
    + y * X * ((2%:R - N) * (2%:R + y) - 5%:R / 4%:R * (1 + y) ^+ 2)
    + y * X * (A * X) * (1 + y) ^+ 2 by rewrite /d; field.
  by positive.
have N0 := le_trans X0 XN.
have s0 : 0 <= 1 - A * X.
  by cert ((5%:R^-1 - A) * X + (N - X) / 5%:R + (21%:R / 20%:R - N) / 5%:R + 79%:R / 100%:R).
have b : 0 <= 7%:R / 5%:R - (1 - A * X + A * (2%:R - N)) * (1 - A * P).
  have sp : 0 <= 1 - A * X + A * (2%:R - N) by positive.
  cert (2%:R * (5%:R^-1 - A) + A * N + A * X + (1 - A * X + A * (2%:R - N)) * (A * P)).
cert (A * (A * ((2%:R - N) * (X - P) - y * X * (5%:R / 4%:R - A * X))) + A ^+ 2 * X * (y - A * X)
  / 4%:R
  + A * (Nj - (N - A * y * X)) * (1 - A * X)
  + A ^+ 3 * X ^+ 2 / 6%:R * (7%:R / 5%:R - (1 - A * X + A * (2%:R - N)) * (1 - A * P))
  + A ^+ 3 * X ^+ 2 / 60%:R).
Qed.
End Scalar.

(** ** One step on the single point i *)
Section OneStep.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Variable eta : R.
Hypotheses (eta0 : 0 <= eta) (eta1 : eta <= 5%:R^-1).

Definition next (i : 'I_m) (w : 'rV[R]_n) : 'rV[R]_n := step kind a eta [set i] w.
Definition own i w : R := phi (c w i) ^+ 2.

Lemma one_alpha (i : 'I_m) : eta / #|[set i]|%:R = eta.
Proof. by rewrite cards1 divr1. Qed.

Lemma one_energy i w : batch_energy kind a [set i] w = own i w.
Proof. by rewrite /batch_energy big_set1. Qed.

Lemma own_ge0 i w : 0 <= own i w. Proof. exact: sqr_ge0. Qed.
Lemma own_energy i w : own i w <= C w.
Proof. by rewrite -one_energy batch_energy_le_energy. Qed.
Lemma own_le i w : own i w <= N w.
Proof. by rewrite -one_energy batch_energy_le. Qed.

Lemma norm_next i w : N (next i w) = norm_after eta (own i w) (N w).
Proof. by rewrite /next (sqnorm_step kind a_orth) /shrink /gain one_alpha one_energy. Qed.

Section Inside.
Variables (w : 'rV[R]_n) (i : 'I_m).
Hypothesis N1 : N w <= 21%:R / 20%:R.
Definition sh : R := 1 - eta * own i w.
Definition gn : R := eta * (2%:R - N w).
Let al1 : eta / #|[set i]|%:R <= 5%:R^-1. Proof. by rewrite one_alpha. Qed.

Lemma sh_gt0 : 0 < sh /\ 0 < sh + gn.
Proof.
have := batch_signs kind a_orth eta0 al1 N1.
by rewrite /shrink /gain one_alpha one_energy.
Qed.

Lemma phi_next j : phi (c (next i w) j) = (if j == i then sh + gn else sh) * phi (c w j).
Proof. by rewrite (phi_step_batch kind a_orth eta0 al1 N1) inE /shrink /gain one_alpha one_energy.
  Qed.

Lemma next_trap : N (next i w) <= 21%:R / 20%:R /\
  forall j, Num.sg (c (next i w) j) = Num.sg (c w j).
Proof. by apply: trap => //; rewrite one_alpha. Qed.

Lemma next_level l : l <= 9%:R / 10%:R -> l <= C w -> l <= C (next i w).
Proof. by move=> l1 lC; apply: energy_level_kept => //; rewrite one_alpha. Qed.

Lemma energy_next : C (next i w) = C w + eta * own i w * (2%:R * (2%:R - N w - C w)
    + eta * ((2%:R - N w - own i w) ^+ 2 + own i w * (C w - own i w))).
Proof.
rewrite /next (energy_step_batch kind a_orth eta0 al1 N1) /shrink /gain one_alpha one_energy.
by move: (N w) (C w) (own i w) => N' C' X; ring.
Qed.

Lemma rest_next : rest (next i w) = sh ^+ 2 * rest w.
Proof.
rewrite /Definitions.rest norm_next energy_next /norm_after /sh.
by move: (N w) (C w) (own i w) => N' C' X; ring.
Qed.
End Inside.

(** The region that every step keeps. *)
Definition inside w := N w <= 2%:R /\ 0 <= slope eta (N w).

Lemma inside_norm w : inside w -> N w <= 21%:R / 20%:R.
Proof. by case=> h1 h2; exact: slope_norm h2. Qed.

Lemma inside_next i w : inside w -> inside (next i w).
Proof.
move=> iw; have N1 := inside_norm iw; have [_ F0] := iw; have [N2 _] := next_trap i N1.
split; first by apply: le_trans N2 _; cert (19%:R / 20%:R : R).
by rewrite norm_next; apply: slope_kept; rewrite ?own_ge0 ?own_le.
Qed.

Lemma norm_next_ge i w : inside w -> N w - (eta * own i w) ^+ 2 <= N (next i w).
Proof.
move=> iw; have N1 := inside_norm iw; have [_ F0] := iw.
by rewrite norm_next; apply: norm_fall; rewrite ?own_ge0 ?own_le.
Qed.
End OneStep.
