(** The ending: near a data point the off-span energy and |1 - C| shrink on average, up to the
    energy of the other points. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.
Implicit Types x y r d k al S : R.

Lemma norm_bounds x y : x <= y -> - x <= y -> `|x| <= y.
Proof.
by move=> h1 h2; rewrite ler_norml h1 andbT -subr_ge0 opprK; cert (y - - x).
Qed.

Lemma norm_self x : 0 <= `|x| - x /\ 0 <= `|x| + x.
Proof.
have : `|x| <= `|x| by exact: lexx.
rewrite ler_norml => /andP[h1 h2]; split; first by rewrite subr_ge0.
by cert (x - - `|x|).
Qed.

(** The batch has the leader: x = 1 - C, r the rest, d the energy outside the batch. *)
Lemma ending_in al x r d S :
  0 <= al -> al <= 5%:R^-1 -> - (1 / 20%:R) <= x -> x <= 1 / 10%:R -> 0 <= r -> r <= 3%:R / 20%:R ->
  0 <= d -> d <= 1 / 10%:R -> S = 1 - x - d ->
  `|x - al * S * (4%:R * x - 2%:R * r + al * ((2%:R * x - r + d) ^+ 2 + S * d))| <=
    (1 - 3%:R * al) * `|x| + 11%:R / 5%:R * al * r + al * d.
Proof.
move=> a0 a1 x1 x2 r0 r1 d0 d1 SE.
have a1' : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have x1' : 0 <= x + 1 / 20%:R by cert (x - - (1 / 20%:R)).
have x2' : 0 <= 1 / 10%:R - x by rewrite subr_ge0.
have r1' : 0 <= 3%:R / 20%:R - r by rewrite subr_ge0.
have d1' : 0 <= 1 / 10%:R - d by rewrite subr_ge0.
have [y1 y2] := norm_self x; have y0 := normr_ge0 x; set y := `|x| in y0 y1 y2 *.
have y3 : 0 <= 1 / 10%:R - y.
  by rewrite subr_ge0 norm_bounds //; cert ((x + 1 / 20%:R) + 1 / 20%:R).
pose k := al * S; pose Q := (2%:R * x - r + d) ^+ 2 + S * d.
have S1 : 0 <= S - 4%:R / 5%:R by rewrite SE; cert ((1 / 10%:R - x) + (1 / 10%:R - d)).
have S2 : 0 <= 21%:R / 20%:R - S by rewrite SE; cert ((x + 1 / 20%:R) + d).
have k1 : 0 <= k - 4%:R / 5%:R * al by rewrite /k; cert (al * (S - 4%:R / 5%:R)).
have k2 : 0 <= 21%:R / 20%:R * al - k by rewrite /k; cert (al * (21%:R / 20%:R - S)).
have k0 : 0 <= k by cert ((k - 4%:R / 5%:R * al) + 4%:R / 5%:R * al).
have k3 : 0 <= 1 - 4%:R * k.
  by cert (4%:R * (21%:R / 20%:R * al - k) + 21%:R / 5%:R * (5%:R^-1 - al) + 4%:R / 25%:R).
have S0 : 0 <= S by cert ((S - 4%:R / 5%:R) + 4%:R / 5%:R).
have Q0 : 0 <= Q by rewrite /Q; positive.
have Q1 : 0 <= 9%:R / 10%:R * y + 9%:R / 20%:R * r + 3%:R / 2%:R * d - Q.
  have t1 : 0 <= (2%:R * y + r + d) - (2%:R * x - r + d).
    by cert (2%:R * (y - x) + 2%:R * r).
  have t2 : 0 <= (2%:R * y + r + d) + (2%:R * x - r + d).
    by cert (2%:R * (y + x) + 2%:R * d).
  have t3 : 0 <= (2%:R * y + r + d) ^+ 2 - (2%:R * x - r + d) ^+ 2.
    by cert (((2%:R * y + r + d) - (2%:R * x - r + d)) * ((2%:R * y + r + d) + (2%:R * x - r + d))).
  have t4 : 0 <= 9%:R / 20%:R - (2%:R * y + r + d).
    by cert (2%:R * (1 / 10%:R - y) + (3%:R / 20%:R - r) + (1 / 10%:R - d)).
  rewrite /Q; set z := 2%:R * y + r + d in t1 t2 t3 t4 *.
  have z0 : 0 <= z by rewrite /z; positive.
  have -> : 9%:R / 10%:R * y + 9%:R / 20%:R * r + 3%:R / 2%:R * d - ((2%:R * x - r + d) ^+ 2 + S * d) =
    z * (9%:R / 20%:R - z) + (z ^+ 2 - (2%:R * x - r + d) ^+ 2) + d * (21%:R / 20%:R - S).
    by rewrite /z; field.
  by positive.
have -> : x - al * S * (4%:R * x - 2%:R * r + al * ((2%:R * x - r + d) ^+ 2 + S * d)) =
  (1 - 4%:R * k) * x + 2%:R * k * r - al * k * Q by rewrite /k /Q; ring.
move: k Q k0 k1 k2 k3 Q0 Q1 => {S1 S2 S0 SE} k Q k0 k1 k2 k3 Q0 Q1.
have k4 : 0 <= 4%:R * k - 3%:R * al by cert (4%:R * (k - 4%:R / 5%:R * al) + al / 5%:R).
have k5 : 0 <= 11%:R / 5%:R * al - 2%:R * k by cert (2%:R * (21%:R / 20%:R * al - k) + al / 10%:R).
apply: norm_bounds.
  by cert ((1 - 4%:R * k) * (y - x) + (4%:R * k - 3%:R * al) * y
    + (11%:R / 5%:R * al - 2%:R * k) * r + al * d + al * k * Q).
have k6 : 0 <= 191%:R / 50%:R * k - 3%:R * al.
  by cert (191%:R / 50%:R * (k - 4%:R / 5%:R * al) + 14%:R / 250%:R * al).
have k7 : 0 <= al - 3%:R / 10%:R * k.
  by cert (3%:R / 10%:R * (21%:R / 20%:R * al - k) + 137%:R / 200%:R * al).
cert ((1 - 4%:R * k) * (y + x) + (191%:R / 50%:R * k - 3%:R * al) * y + 191%:R / 100%:R * k * r
  + 11%:R / 5%:R * al * r + (al - 3%:R / 10%:R * k) * d + k * (5%:R^-1 - al) * Q
  + k / 5%:R * (9%:R / 10%:R * y + 9%:R / 20%:R * r + 3%:R / 2%:R * d - Q)).
Qed.

(** The batch does not have the leader: its energy S is small. *)
Lemma ending_out al x r S :
  0 <= al -> al <= 5%:R^-1 -> - (1 / 20%:R) <= x -> x <= 1 / 10%:R -> 0 <= r -> r <= 3%:R / 20%:R ->
  0 <= S -> S <= 1 / 10%:R ->
  `|x - al * S * (4%:R * x - 2%:R * r + al * ((1 + x - r - S) ^+ 2 + S * (1 - x - S)))| <=
    `|x| + al * S.
Proof.
move=> a0 a1 x1 x2 r0 r1 S0 S1.
have a1' : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have x1' : 0 <= x + 1 / 20%:R by cert (x - - (1 / 20%:R)).
have x2' : 0 <= 1 / 10%:R - x by rewrite subr_ge0.
have r1' : 0 <= 3%:R / 20%:R - r by rewrite subr_ge0.
have S1' : 0 <= 1 / 10%:R - S by rewrite subr_ge0.
have [y1 y2] := norm_self x; set y := `|x| in y1 y2 *.
pose Q := (1 + x - r - S) ^+ 2 + S * (1 - x - S).
have CS : 0 <= 1 - x - S by cert ((1 / 10%:R - x) + (1 / 10%:R - S) + 4%:R / 5%:R).
have Q0 : 0 <= Q by rewrite /Q; positive.
have Q1 : 0 <= 3%:R / 2%:R - Q.
  have v0 : 0 <= 1 + x - r - S.
    by cert ((x + 1 / 20%:R) + (3%:R / 20%:R - r) + (1 / 10%:R - S) + 7%:R / 10%:R).
  have v1 : 0 <= 11%:R / 10%:R - (1 + x - r - S) by cert ((1 / 10%:R - x) + r + S).
  rewrite /Q; set v := 1 + x - r - S in v0 v1 *.
  have -> : 3%:R / 2%:R - (v ^+ 2 + S * (1 - x - S)) =
    v * (11%:R / 10%:R - v) + 11%:R / 10%:R * (11%:R / 10%:R - v) + (1 / 10%:R - S) * (1 - x - S)
    + (x + 1 / 20%:R) / 10%:R + S / 10%:R + 185%:R / 1000%:R by field.
  by positive.
rewrite -/Q; move: Q Q0 Q1 => Q Q0 Q1.
pose D := 4%:R * x - 2%:R * r + al * Q.
have D1 : 0 <= 1 - D.
  rewrite /D; cert (4%:R * (1 / 10%:R - x) + 2%:R * r + (5%:R^-1 - al) * Q
    + (3%:R / 2%:R - Q) / 5%:R + 3%:R / 10%:R).
have D2 : 0 <= 1 + D.
  rewrite /D; cert (4%:R * (x + 1 / 20%:R) + 2%:R * (3%:R / 20%:R - r) + al * Q + 1 / 2%:R).
rewrite -/D; move: D D1 D2 => D D1 D2.
apply: norm_bounds.
  by cert ((y - x) + al * S * (1 + D)).
by cert ((y + x) + al * S * (1 - D)).
Qed.
End Scalar.

Section Ending.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 <= eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b <= m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (sgd kind a eta).

Definition others l w : R := \sum_(i | i != l) phi (c w i) ^+ 2.
Definition miss w : R := 4%:R * rest w + `|1 - C w|.

Lemma miss_ge0 w : 0 <= miss w.
Proof.
have := rest_ge0 kind a_orth w; have := normr_ge0 (1 - C w) => y0 r0.
by rewrite /miss; positive.
Qed.

Lemma others_ge0 l w : 0 <= others l w.
Proof. by apply: sumr_ge0 => i _; exact: sqr_ge0. Qed.

Lemma energy_others l w : C w = phi (c w l) ^+ 2 + others l w.
Proof. by rewrite /energy /others (bigD1 l). Qed.

Section OneStep.
Variables (w : 'rV[R]_n) (o : batch).
Hypothesis N1 : N w <= 21%:R / 20%:R.
Local Notation S := (batch_energy kind a (val o) w).

Let al_ge0 : 0 <= al. Proof. by rewrite mulr_ge0 // invr_ge0 ler0n. Qed.
Let cardo : #|val o| = b. Proof. exact: eqP (valP o). Qed.

Lemma sgd_energy : C (sgd o w) =
  C w + al * S * (2%:R * (2%:R - N w - C w)
    + al * ((2%:R - N w - S) ^+ 2 + S * (C w - S))).
Proof.
rewrite /FarOut.sgd energy_step_batch ?cardo // /shrink /gain cardo.
by move: (eta / b%:R) (N w) (C w) S => A N' C' S'; ring.
Qed.

Lemma sgd_rest : rest (sgd o w) = (1 - al * S) ^+ 2 * rest w.
Proof.
rewrite /Definitions.rest /FarOut.sgd energy_step_batch ?cardo // (sqnorm_step kind a_orth) /shrink /gain cardo.
by move: (eta / b%:R) (N w) (C w) S => A N' C' S'; ring.
Qed.

Lemma sgd_rest_le : rest (sgd o w) <= (1 - al * S) * rest w /\ 0 <= 1 - al * S.
Proof.
have r0 := rest_ge0 kind a_orth w.
have S0 := batch_energy_ge0 kind a (val o) w; have SN := batch_energy_le kind a_orth (val o) w.
have [_ s0 _] := trap_scalar al_ge0 al1 S0 SN N1; have s0' : 0 <= 1 - al * S by exact: ltW s0.
split=> //.
have h := al_ge0; rewrite sgd_rest {s0 SN}; move: S (eta / b%:R) S0 s0' h => S' A S0 s0 h.
by cert ((1 - A * S') * (A * S') * rest w).
Qed.

Variable l : 'I_m.
Hypotheses (C1 : 9%:R / 10%:R <= C w) (far : others l w <= 1 / 10%:R).

Let C2 : C w <= 21%:R / 20%:R. Proof. exact: le_trans (energy_le kind a_orth w) N1. Qed.
Let x1 : - (1 / 20%:R) <= 1 - C w. Proof. by have h := C2; cert (21%:R / 20%:R - C w). Qed.
Let x2 : 1 - C w <= 1 / 10%:R. Proof. by cert (C w - 9%:R / 10%:R). Qed.
Let r0 : 0 <= rest w. Proof. exact: rest_ge0. Qed.
Let r1 : rest w <= 3%:R / 20%:R.
Proof. by rewrite /Definitions.rest; cert ((21%:R / 20%:R - N w) + (C w - 9%:R / 10%:R)). Qed.

(** The energy outside a batch with the leader, inside one without, is that of other points. *)
Lemma outside_le : l \in val o -> C w - S <= others l w.
Proof.
move=> lo; rewrite /energy /batch_energy (bigID (mem (val o))) /= addrC addKr.
rewrite /others [X in _ <= X](bigID (mem (val o))) /=.
rewrite (eq_bigl (fun i => (i != l) && (i \notin val o))).
  by rewrite -subr_ge0 addrK; apply: sumr_ge0 => i _; exact: sqr_ge0.
by move=> i; case: (eqVneq i l) => [->|] //=; rewrite lo.
Qed.

Lemma inside_le : l \notin val o -> S <= others l w.
Proof.
move=> lo; rewrite /batch_energy /others [X in _ <= X](bigID (mem (val o))) /=.
rewrite (eq_bigl (fun i => (i != l) && (i \in val o))).
  by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: sqr_ge0.
by move=> i; case: (eqVneq i l) => [->|] //=; rewrite (negbTE lo).
Qed.

Lemma miss_in : l \in val o -> miss (sgd o w) <= (1 - al / 4%:R) * miss w + al * others l w.
Proof.
move=> lo; have SC : S <= C w by exact: batch_energy_le_energy.
have d1 := outside_le lo; have h := al_ge0; have [rs s0] := sgd_rest_le.
have d0 : 0 <= C w - S by rewrite subr_ge0.
have := @ending_in R al (1 - C w) (rest w) (C w - S) S al_ge0 al1 x1 x2 r0 r1 d0 (le_trans d1 far).
have SE : S = 1 - (1 - C w) - (C w - S) by ring.
move=> /(_ SE) {SE}.
have -> : 1 - C w - al * S * (4%:R * (1 - C w) - 2%:R * rest w +
   al * ((2%:R * (1 - C w) - rest w + (C w - S)) ^+ 2 + S * (C w - S))) = 1 - C (sgd o w).
  rewrite sgd_energy /Definitions.rest; move: (eta / b%:R) (N w) (C w) S => A N' C' S'; ring.
have Sge : 4%:R / 5%:R <= S.
  by cert ((C w - 9%:R / 10%:R) + (others l w - (C w - S)) + (1 / 10%:R - others l w)).
have y0 := normr_ge0 (1 - C w).
have E0 := others_ge0 l w.
rewrite /miss; move: `|1 - C (sgd o w)| `|1 - C w| y0 => x' x y0 xs.
move: (rest (sgd o w)) (rest w) (C w) S (others l w) (eta / b%:R) r0 rs s0 SC d0 d1 Sge xs h E0.
move=> r' r C' S' E A rr rs s0 SC d0 d1 Sge xs h E0.
have Sge' : 0 <= S' - 4%:R / 5%:R by rewrite subr_ge0.
cert (((1 - 3%:R * A) * x + 11%:R / 5%:R * A * r + A * (C' - S') - x')
  + 4%:R * ((1 - A * S') * r - r') + A * (E - (C' - S')) + 4%:R * A * (S' - 4%:R / 5%:R) * r
  + 11%:R / 4%:R * A * x).
Qed.

Lemma miss_out : l \notin val o -> miss (sgd o w) <= miss w + al * others l w.
Proof.
move=> lo; have S0 := batch_energy_ge0 kind a (val o) w.
have S1 := inside_le lo; have h := al_ge0; have [rs s0] := sgd_rest_le.
have := @ending_out R al (1 - C w) (rest w) S al_ge0 al1 x1 x2 r0 r1 S0 (le_trans S1 far).
have -> : 1 - C w - al * S * (4%:R * (1 - C w) - 2%:R * rest w +
   al * ((1 + (1 - C w) - rest w - S) ^+ 2 + S * (1 - (1 - C w) - S))) = 1 - C (sgd o w).
  rewrite sgd_energy /Definitions.rest; move: (eta / b%:R) (N w) (C w) S => A N' C' S'; ring.
have E0 := others_ge0 l w.
rewrite /miss; move: `|1 - C (sgd o w)| `|1 - C w| => x' x.
move: (rest (sgd o w)) (rest w) S (others l w) (eta / b%:R) r0 rs s0 S0 S1 h E0.
move=> r' r S' E A rr rs s0 S0 S1 h E0 xs.
cert ((x + A * S' - x') + 4%:R * ((1 - A * S') * r - r') + 4%:R * A * S' * r + A * (E - S')).
Qed.
End OneStep.
End Ending.
