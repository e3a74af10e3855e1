(** Consequences of [CycEnd.leader_wins]: the margin, the rule, and what is needed. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending Converge CycStep CycCycle.
From Whichmin Require Import CycLimit CycLead CycEnd Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma le_of_square (R : realFieldType) (x y : R) : x ^+ 2 <= y ^+ 2 -> `|x| <= `|y|.
Proof.
rewrite -(real_normK (num_real x)) -(real_normK (num_real y)) => xy.
rewrite leNgt; apply/negP => lt; move: xy; rewrite leNgt => /negP; apply.
have y0 := normr_ge0 y; move: `|x| `|y| lt y0 => {x y} x y lt y0.
rewrite -subr_gt0 subr_sqr mulr_gt0 ?subr_gt0 //; apply: (le_lt_trans y0); apply: (lt_le_trans lt).
by cert y.
Qed.

Section Rule.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Variable w0 : 'rV[R]_n.
Hypothesis w0_in : inside eta w0.
Local Notation cyc := (cyclic_sgd kind a eta w0).

(** A point gains at most the factor 1 + 2 eta on the others at its turn. *)
Lemma gain_le v i : inside eta v ->
  sh kind a eta v i + gn eta v <= (1 + 2%:R * eta) * sh kind a eta v i.
Proof.
move=> iv; have XN := own_le kind a_orth i v; have N1 := inside_norm eta_ge0 eta1 iv.
have X0 := own_ge0 kind a i v; rewrite /sh /gn; move: (own kind a i v) X0 XN => X X0 XN.
by cert (eta * ((N v - X) + 2%:R * X * (5%:R^-1 - eta) + 3%:R / 5%:R * X)).
Qed.

(** Before its own turn a point keeps its size up to a common factor P, and the points whose turn
    is over have gained at most 1 + 2 eta. *)
Lemma before_turn k : (k <= m.+1)%N -> exists2 P : R, 0 < P & forall j : 'I_m.+1,
  ((j < k)%N -> `|phi (c (cyc k) j)| <= P * ((1 + 2%:R * eta) * `|phi (c w0 j)|)) /\
  ((k <= j)%N -> `|phi (c (cyc k) j)| = P * `|phi (c w0 j)|).
Proof.
elim: k => [|k IH] km; first by exists 1 => [|j]; [exact: ltr01 | split=> // _; rewrite mul1r].
have [P P0 h] := IH (ltnW km); have iv := cyc_inside kind a_orth eta0 eta1 w0_in k.
have [s0 sg0] := sh_gt0 kind a_orth eta_ge0 eta1 (turn m k) (inside_norm eta_ge0 eta1 iv).
have g := gain_le (turn m k) iv.
have E j := phi_next kind a_orth eta_ge0 eta1 (turn m k) (inside_norm eta_ge0 eta1 iv) j.
have tk (j : 'I_m.+1) : (j == turn m k) = (j == k :> nat).
  by rewrite -val_eqE /= modn_small.
exists (P * sh kind a eta (cyc k) (turn m k)) => [|j]; first by rewrite mulr_gt0.
rewrite cyc_next (E j) tk; have [h1 h2] := h j; have P0' := ltW P0; have s0' := ltW s0.
have x0 := normr_ge0 (phi (c w0 j)).
split=> [|kj]; last by rewrite gtn_eqF // normrM (gtr0_norm s0) h2 ?(ltnW kj) //; ring.
rewrite ltnS leq_eqVlt => /orP[/eqP jk|jk].
  rewrite jk eqxx normrM (gtr0_norm sg0) h2 ?jk ?leqnn //.
  by cert (P * `|phi (c w0 j)| * ((1 + 2%:R * eta) * sh kind a eta (cyc k) (turn m k)
    - (sh kind a eta (cyc k) (turn m k) + gn eta (cyc k)))).
rewrite ltn_eqF // normrM (gtr0_norm s0); have := h1 jk.
move: `|phi (c (cyc k) j)| `|phi (c w0 j)| (sh _ _ _ _ _) s0' => y x s s0' hj.
by cert (s * (P * ((1 + 2%:R * eta) * x) - y)).
Qed.

Lemma margin_leads (l : 'I_m.+1) : phi (c w0 l) != 0 ->
  (forall j : 'I_m.+1, (j < l)%N -> (1 + 2%:R * eta) * `|phi (c w0 j)| <= `|phi (c w0 l)|) ->
  (forall j : 'I_m.+1, (l < j)%N -> `|phi (c w0 j)| <= `|phi (c w0 l)|) -> leads kind a l (cyc l).
Proof.
move=> l0 before after; have [P P0 h] := before_turn (ltnW (ltn_ord l)).
have [_ /(_ (leqnn l)) hl] := h l; have P0' := ltW P0.
split; first by rewrite -normr_eq0 hl mulf_neq0 ?gt_eqF ?normr_gt0.
move=> j; have [h1 h2] := h j; rewrite hl; case: (ltngtP j l) => jl.
- apply: le_trans (h1 jl) _; rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: before.
- by rewrite h2 ?(ltnW jl) // -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: after.
by rewrite (val_inj jl) hl lexx.
Qed.

Lemma turn_ord0 : turn m 0 = ord0.
Proof. by apply: val_inj; rewrite /= mod0n. Qed.

Lemma turn_ord (l : 'I_m.+1) : turn m l = l.
Proof. by apply: val_inj; rewrite /= modn_small. Qed.

(** A run that converges to a_i or to its opposite (s is 1 or -1): the neuron responds to i ... *)
Lemma limit_active i s : (exists j, phi (c w0 j) != 0) -> converges_to cyc (s *: a i) ->
  phi (c w0 i) != 0.
Proof.
case=> j j0 lim; apply/negP => /eqP i0; have C0 : 0 < energy kind a w0.
  by apply: lt_le_trans (own_energy kind a j w0); rewrite lt_def own_ge0 andbT sqrf_eq0.
have [low [low0 low1 low2]] : exists x : R, [/\ 0 < x, x <= 9%:R / 10%:R & x <= energy kind a w0].
  case: (lerP (energy kind a w0) (9%:R / 10%:R)) => [h|/ltW h].
    by exists (energy kind a w0); rewrite lexx.
  by exists (9%:R / 10%:R); rewrite lexx; split=> //; rewrite divr_gt0 ?ltr0n.
have e0 : 0 < low / 2%:R by rewrite divr_gt0 ?ltr0n.
have [T near] := lim _ e0; have := near T (leqnn T).
have lC : low <= energy kind a (cyc T).
  by have := cyc_level a_orth eta0 eta1 w0_in (t := 0) T low1 low2; rewrite add0n.
have iT : phi (c (cyc T) i) = 0.
  by apply/eqP; rewrite -[_ == 0]negbK (phi_sg kind (cyc_sg kind a_orth eta0 eta1 w0_in T i)) i0
    eqxx.
move: (cyc T) lC iT => w lC iw close_w; have CE : energy kind a w <= sqnorm (w - s *: a i).
  apply: le_trans (bessel a_orth _); rewrite /energy; apply: ler_sum => k _.
  case: (eqVneq k i) => [->|ki]; first by rewrite iw expr0n sqr_ge0.
  rewrite /corr dotBl dotZl a_orth eq_sym (negbTE ki) mulr0 subr0; exact: phi_sqr_le.
have := le_trans lC (le_trans CE close_w); rewrite leNgt => /negP; apply.
rewrite -subr_gt0; have -> : low - (low / 2%:R) ^+ 2 = low * ((1 - low) / 4%:R + 3%:R / 4%:R)
  by field.
rewrite mulr_gt0 //; apply: (@lt_le_trans _ _ (3%:R / 4%:R)); first by rewrite divr_gt0 ?ltr0n.
by cert ((9%:R / 10%:R - low) / 4%:R + 1 / 40%:R).
Qed.

(** ... and leads at its late turns. *)
Lemma limit_leads i s : s ^+ 2 = 1 -> (exists j, phi (c w0 j) != 0) -> converges_to cyc (s *: a i) ->
  exists k, turn m k = i /\ leads kind a i (cyc k).
Proof.
move=> s2 some lim; have ai := limit_active some lim;
  have half : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have [T near] := lim _ half; exists (i + T * m.+1)%N.
have tE : turn m (i + T * m.+1) = i by rewrite turn_period turn_ord.
split=> //; set t := (i + _)%N in tE *.
have Tt : (T <= t)%N by rewrite /t (leq_trans _ (leq_addl _ _)) // leq_pmulr.
have := near t Tt; have sgE := cyc_sg kind a_orth eta0 eta1 w0_in t i.
set w := cyc t in sgE *; move=> close_w.
have lw : phi (c w i) != 0 by rewrite (phi_sg kind sgE).
split=> // j; apply: le_of_square; rewrite (phi_active lw).
apply: le_trans (phi_sqr_le kind (c w j)) _; case: (eqVneq j i) => [->|ji]; first exact: lexx.
have two : (c w i - s) ^+ 2 + c w j ^+ 2 <= 2%:R^-1 ^+ 2.
  apply: le_trans close_w; apply: le_trans (bessel a_orth _).
  rewrite (bigD1 i) //= (bigD1 j) //= addrA -subr_ge0 /corr !dotBl !dotZl !a_orth eqxx.
  rewrite eq_sym (negbTE ji) mulr1 mulr0 subr0 addrC addKr.
  by apply: sumr_ge0 => k _; exact: sqr_ge0.
rewrite -subr_ge0; move: (c w i) (c w j) s two s2 {close_w sgE lim near} => x y z two s2.
have -> : x ^+ 2 - y ^+ 2 = (2%:R^-1 ^+ 2 - ((x - z) ^+ 2 + y ^+ 2)) + 2%:R * (x - z / 2%:R) ^+ 2
  + (z ^+ 2 - 1) / 2%:R + 1 / 4%:R by field.
by rewrite s2 subrr mul0r addr0; positive.
Qed.
End Rule.
