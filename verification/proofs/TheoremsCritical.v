(** Proofs of the statements on critical points and their kinds, and on the points at which SGD
    ends: each is a theorem of the files below, here under the name of its statement. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Exchange Prob Trap FarOut Converge Extrema.
From Whichmin Require Import Gradient Critical Strict BadMinima EveryPoint EveryLimit Law FullBatch.
From Whichmin Require Import Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem critical_gradient : Statements.critical_gradient.
Proof.
move=> R m n kind a w; have h := gradient_is kind a w; split=> [cr|g0].
  exact: gradient_unique h cr.
by rewrite /critical -g0.
Qed.

Theorem critical_points : Statements.critical_points.
Proof.
move=> R m n kind a orth w; case m0: (0 < m)%N; last first.
  have none (i : 'I_m) : False by move: (leq_ltn_trans (leq0n i) (ltn_ord i)); rewrite m0.
  split=> [_|_]; first by left=> i; case: (none i).
  by apply/critical_gradient; rewrite /gradient big1 ?scaler0 // => i; case: (none i).
split=> [/critical_gradient|h]; first by move/(gradient_zero kind orth m0).
by apply/critical_gradient/(gradient_zero kind orth m0).
Qed.

Theorem critical_values : Statements.critical_values.
Proof.
move=> R m n kind a orth m0.
have half w : silent kind a w -> loss kind a w = 2%:R^-1 by exact: loss_silent.
split=> // [|v]; first exact: min_loss_lt.
split=> [[w /(critical_points kind orth)[q|Lw] <-]|[->|->]]; [by left; exact: half | by right | |].
  have q0 : silent kind a 0 by move=> i; rewrite /corr dot0l; case: (kind); rewrite ?lexx.
  by exists 0; [apply/(critical_points kind orth); left | exact: half].
exists (a (Ordinal m0)); last exact: data_point_minimal.
by apply/(critical_points kind orth); right; exact: data_point_minimal.
Qed.

Theorem local_minima : Statements.local_minima.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.local_minima. Qed.

Theorem local_maxima : Statements.local_maxima.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.local_maxima. Qed.

Theorem saddle_points : Statements.saddle_points.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.saddle_points. Qed.

(** A bad minimum that is not dead, scaled to |w|^2 = 2, is a saddle; and back. *)
Theorem saddles_exist : Statements.saddles_exist.
Proof.
move=> R m n kind a orth m0; rewrite -(BadMinima.bad_minimum_exists kind orth m0).
have scaled w (k : R) : 0 <= k -> silent kind a w -> silent kind a (k *: w).
  by move=> k0 q i; have := q i; case: (kind) => ci; rewrite /corr dotZl -/(corr a w i)
    ?ci ?mulr0 // mulr_ge0_le0.
have edge w (k : R) i : corr a w i = 0 -> corr a (k *: w) i = 0.
  by move=> ci; rewrite /corr dotZl -/(corr a w i) ci mulr0.
split=> [[w /(Critical.saddle_points kind orth m0)[q [i ci] N2]]|[w [mn bad alive]]].
  have q2 : silent kind a (2%:R *: w) by apply: scaled; rewrite ?ler0n.
  exists (2%:R *: w); split.
  - apply: silent_min => //; rewrite sqnormZ N2 -subr_gt0.
    have -> : 2%:R ^+ 2 * 2%:R - 2%:R = 6%:R :> R by ring.
    by rewrite ltr0n.
  - by rewrite (loss_silent orth m0 q2); exact: min_loss_lt.
  - exact: edge_not_dead (edge w 2%:R i ci).
case/(Critical.local_minima kind orth m0): (mn) => [Lw|//|[q N2]].
  by move: bad; rewrite Lw ltxx.
have [//|[i ci]] := dead_or_edge m0 q; have N0 : 0 < sqnorm w by apply: lt_trans N2; rewrite ltr0n.
exists (Num.sqrt (2%:R / sqnorm w) *: w); apply/(Critical.saddle_points kind orth m0); split.
- by apply: scaled => //; exact: sqrtr_ge0.
- by exists i; exact: edge.
by rewrite sqnormZ sqr_sqrtr ?divfK ?gt_eqF // divr_ge0 ?ler0n // ltW.
Qed.

Theorem flat_points : Statements.flat_points.
Proof. by move=> R m n kind a orth m0 w; exact: Critical.flat_points. Qed.

Theorem strict_local_minima : Statements.strict_local_minima.
Proof. by move=> R m n kind a orth m0 w; exact: Strict.strict_local_minima. Qed.

Theorem strict_local_maxima : Statements.strict_local_maxima.
Proof. by move=> R m n kind a orth m0 w; exact: BadMinima.strict_local_maxima. Qed.

Theorem no_bad_minimum_in_trap : Statements.no_bad_minimum_in_trap.
Proof. by move=> R m n kind a orth m0 w; exact: no_bad_minimum. Qed.

(** A small multiple of minus the sum of the data. *)
Theorem dead_neurons_exist : Statements.dead_neurons_exist.
Proof.
move=> R m n a orth m0 d d0; have [t [t0 _ td]] := small_multiple (- \sum_i 1 *: a i) d0.
have dd : dead Relu a (t *: (- \sum_i 1 *: a i)).
  by split=> // i; rewrite /corr dotZl dotNl (dot_comb orth) mulrN1 oppr_lt0.
exists (t *: (- \sum_i 1 *: a i)); split=> //.
  by apply/(Critical.local_minima Relu orth m0); constructor 2.
by rewrite (loss_silent orth m0); [exact: min_loss_lt | exact: dead_silent].
Qed.

Theorem bad_minimum_exists : Statements.bad_minimum_exists.
Proof. by move=> R m n kind a orth m0; exact: BadMinima.bad_minimum_exists. Qed.

Theorem sgd_every_eligible_point : Statements.sgd_every_eligible_point.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 eta1 start i; rewrite eligibleE => act.
have [p0 p00 h] := every_point orth eta0 eta1 b0 bm start act arch; exists p0 => // e e0.
have [T0 le] := h _ (exprn_gt0 2 e0); exists T0 => T; apply: le_trans (le T) _.
by apply: ler_chance => Bs; rewrite /trajectory.
Qed.

Theorem sgd_selection_law : Statements.sgd_selection_law.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 eta1 start some P; split=> [e e' p|i ei].
  exact: selection_law.
have [p0 p00 h] := sgd_every_eligible_point arch orth b0 bm eta0 eta1 start ei.
exists p0 => // e e0; have [T0 le] := h e e0; exists T0 => T /subnKC <-.
apply: le_trans (le (T - T0)%N) _; apply: ler_chance_size => Bs sB close.
rewrite /trajectory /states last_states.
by have [] := late_weights _ close; rewrite ?sB ?leq_addr.
Qed.

(** The signs of all <w, a_i> are kept, so |w - s a_i|^2 >= (<w, a_i> - s)^2 >= 1. *)
Theorem sgd_other_points_never : Statements.sgd_other_points_never.
Proof.
move=> R m n b kind a eta w0 orth eta0 eta1 start i s s2 sc Bs w.
have {sc} sc : s * corr a w0 i <= 0 by rewrite -dotZr.
have away v : s * corr a v i <= 0 -> 1 <= sqnorm (v - s *: a i).
  move=> sv; apply: (@le_trans _ _ (corr a (v - s *: a i) i ^+ 2)); last first.
    apply: le_trans (bessel orth _); rewrite (bigD1 i) //= -subr_ge0 addrC addKr.
    by apply: sumr_ge0 => j _; exact: sqr_ge0.
  rewrite /corr dotBl dotZl orth eqxx mulr1 -/(corr a v i) sqrrB s2 -subr_ge0 addrK.
  by rewrite addr_ge0 ?sqr_ge0 // oppr_ge0 mulrC mulrn_wle0.
elim: Bs w0 start sc w => [|B Bs IH] v start sc w; rewrite /trajectory /states in_cons.
  by rewrite orbF => /eqP ->; exact: away.
case/orP => [/eqP -> |]; first exact: away.
have eB : eta / #|val B|%:R <= 5%:R^-1 by rewrite (eqP (valP B)).
have [N1 sg] := trap kind orth eta0 eB start; apply: IH => //.
by rewrite -sgr_le0 sgrM sg -sgrM sgr_le0.
Qed.

(** With the full batch no run settles at a point, so the share is 0. *)
Theorem every_point_needs_small_batches : Statements.every_point_needs_small_batches.
Proof.
move=> R kind eta a w0; have [start _] := start_met R kind.
split=> [||i|i p0 p00 h]; [exact: unit_vectors | exact: start | |].
  by have [_ el] := start_met R kind; exact: el.
have two : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have [T0 le] := h _ two; have := le 0%N; rewrite leNgt => /negP; apply.
rewrite /chance; set S := finset _; suff -> : S = set0 by rewrite cards0 mul0r.
apply/setP => Bs; rewrite !inE; apply/negP => close.
have := @full_batch_far R kind eta 2%:R^-1 T0 0 Bs (ltW two) (lexx _) (size_tuple Bs).
move/negP; apply; apply/existsP; exists i; apply/andP; split; last exact: close.
by rewrite eligibleE start_corr invr_eq0 pnatr_eq0.
Qed.
