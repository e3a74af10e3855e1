(** Strict local maxima (only w = 0 for a linear neuron with m = n), and where bad minima exist. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Extrema Critical Strict Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** With m = n the energy of a linear neuron is |h|^2. *)
Lemma basis_energy (R : realFieldType) (m : nat) (a : 'I_m -> 'rV[R]_m) h : orthonormal a ->
  energy Linear a h = sqnorm h.
Proof.
move=> orth; apply/eqP; rewrite eq_sym -subr_eq0 -/(rest Linear a h) -(rest_sqnorm Linear orth)
  sqnorm_eq0.
apply/eqP/(basis_zero orth) => i; by rewrite /corr dotBl (dot_comb orth) /phi subrr.
Qed.

Section BadMinima.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Let i0 : 'I_m := Ordinal m0.

Theorem strict_local_maxima w : strict_local_max L w <-> [/\ kind = Linear, w = 0 & m = n].
Proof.
split=> [st|[]].
  have q : silent kind a w.
    by case/(local_maxima kind a_orth m0): (strict_max st) => [/dead_silent|[]].
  have w0 : w = 0 by apply/eqP/negPn/negP => w0; have [] := silent_not_strict a_orth m0 q w0.
  have [kE|kE] : kind = Relu \/ kind = Linear by case: kind; [right | left].
    exfalso; have ai : - a i0 != 0.
      by rewrite oppr_eq0 -sqnorm_eq0 /sqnorm a_orth eqxx oner_eq0.
    case: (@same_value _ _ _ kind a w _ ai) => // t t0 t1;
      rewrite !(loss_silent a_orth m0) // w0 add0r.
    rewrite /silent kE => i; rewrite scalerN /corr dotNl dotZl a_orth oppr_le0.
    by rewrite mulr_ge0 ?ler0n // ltW.
  split=> //; apply/eqP; rewrite eqn_leq (points_le_dim a_orth) leqNgt; apply/negP => mn.
  have [u u0 cu] := orthogonal_vector a mn.
  case: (@same_value _ _ _ kind a w _ u0) => // t t0 t1;
    rewrite !(loss_silent a_orth m0) // w0 add0r.
  by rewrite /silent kE => i; rewrite /corr dotZl -/(corr a u i) cu mulr0.
move=> kE w0 mn; move: a a_orth w w0; rewrite -mn kE => b b_orth v ->.
exists 1 => [|h h0 h1]; first exact: ltr01.
have q : silent Linear b 0 by move=> i; rewrite /corr dot0l.
rewrite -subr_lt0 (excess b_orth m0) // add0r basis_energy //.
rewrite pmulr_llt0 ?invr_gt0 ?mulr_gt0 ?ltr0n // pmulr_llt0;
  last by rewrite lt_def sqnorm_ge0 sqnorm_eq0 h0.
by rewrite subr_lt0 (le_lt_trans h1) // ltr1n.
Qed.

(** A vector orthogonal to the data, as long as is needed. *)
Lemma long_vector u : u != 0 -> exists k : R, 2%:R < N (k *: u).
Proof.
move=> u0; have N0 : 0 < N u by rewrite lt_def sqnorm_ge0 sqnorm_eq0 u0.
exists (1 + 2%:R / N u); rewrite sqnormZ -subr_gt0.
have -> : (1 + 2%:R / N u) ^+ 2 * N u - 2%:R = N u + 2%:R + 4%:R / N u by field; rewrite gt_eqF.
by apply: addr_gt0; [apply: addr_gt0; rewrite ?ltr0n | rewrite divr_gt0 ?ltr0n].
Qed.

Theorem bad_minimum_exists :
  (exists w, [/\ local_min L w, min_loss R m < L w & ~ dead kind a w]) <->
  match kind with Linear => (m < n)%N | Relu => (1 < n)%N end.
Proof.
split=> [[w [mn bad notdead]]|].
  have [q N2] : silent kind a w /\ 2%:R < N w.
    by case/(local_minima kind a_orth m0): mn => [Lw|//|//]; move: bad; rewrite Lw ltxx.
  have [//|[i ci]] := dead_or_edge m0 q.
  have no_basis : (m == n) -> (forall j, c w j = 0) -> False.
    move=> /eqP mn' z; move: a a_orth (w) z N2; rewrite -mn' => b b_orth v z.
    by rewrite (basis_zero b_orth z) /sqnorm dot0l ltNge ler0n.
  have mn' := points_le_dim a_orth.
  have [kE|kE] : kind = Linear \/ kind = Relu by case: kind; [left | right].
    rewrite kE ltn_neqAle mn' andbT; apply/negP => /no_basis; apply=> j.
    by move: q; rewrite /silent kE; exact.
  rewrite kE ltnNge; apply/negP => n1.
  have m1 : m = 1%N by apply/eqP; rewrite eqn_leq m0 (leq_trans mn').
  apply: no_basis => [|j]; first by rewrite eqn_leq mn' m1 n1.
  suff -> : j = i by [].
  apply: val_inj => /=; move: (ltn_ord i) (ltn_ord j); move: (nat_of_ord i) (nat_of_ord j) => x y.
  by rewrite m1; case: x y => [|x] [|y].
move=> dim.
suff [w [q N2 [i ci]]] : exists w, [/\ silent kind a w, 2%:R < N w & exists i, c w i = 0].
  exists w; split; [exact: silent_min | by rewrite (loss_silent a_orth m0 q); exact: min_loss_lt |].
  exact: edge_not_dead ci.
case: (ltnP m n) => [mn|nm].
  have [u u0 cu] := orthogonal_vector a mn; have [k kN] := long_vector u0.
  have z i : c (k *: u) i = 0 by rewrite /corr dotZl -/(corr a u i) cu mulr0.
  exists (k *: u); split=> //; last by exists i0.
  by move=> i; rewrite z; case: kind => //; exact: lexx.
have mn : m = n by apply/eqP; rewrite eqn_leq (points_le_dim a_orth) nm.
move: dim; case kE: kind => n1; first by move: n1; rewrite ltnNge nm.
have [j ji] : exists j, j != i0.
  have : (0 < #|predC1 i0|)%N by rewrite cardC1 card_ord; move: n1 nm; clear; lia.
  by case/card_gt0P => j ji; exists j.
exists (- (2%:R *: a i0)); split.
- by move=> i; rewrite /corr dotNl dotZl a_orth oppr_le0 mulr_ge0 ?ler0n.
- have -> : N (- (2%:R *: a i0)) = 4%:R.
    by rewrite -scaleNr sqnormZ /sqnorm a_orth eqxx mulr1; ring.
  by rewrite ltr_nat.
by exists j; rewrite /corr dotNl dotZl a_orth eq_sym (negbTE ji) mulr0 oppr0.
Qed.
End BadMinima.
