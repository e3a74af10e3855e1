(** Where a convergent run of constant-step SGD rests. The steps tend to 0. Fix one pattern of
    signs: with the slopes of that pattern, the gradient of a batch is a continuous function of
    the weights. So if this gradient is not 0 at the limit, then late in the run that batch is
    never drawn while the run has that pattern. If the limit is not all-or-nothing there is such a
    batch for every pattern that the run can have late: a player who bets on it loses all late
    bets, and the draws are not fair. Only the row of one neuron is used that is strictly active
    on one point at the limit: on that point its slope is 1 for every late pattern. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Vectors Prob Exchange AllOrNothing Limits Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Resting.
Variables (R : realFieldType) (m n h : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink : R).
Local Notation weights := ('I_h -> 'rV[R]_n).
Local Notation pattern := {ffun 'I_h * 'I_m -> bool * bool}.
Local Notation feature := (@feature R m n h kind a).
Local Notation residual := (@residual R m n h kind a).
Local Notation pre := (@pre R m n h a).
Local Notation grad := (@tied_gradient R m n h kind a kink).

(** The slope that the signs (positive?, negative?) stand for. *)
Definition slope_of (s : bool * bool) : R :=
  if kind is Relu then (if s.1 then 1 else if s.2 then 0 else kink) else 1.

Lemma slope_of_positive (s : bool * bool) : s.1 -> slope_of s = 1.
Proof. by rewrite /slope_of; case: kind => // ->. Qed.

Lemma slope_pattern (W : weights) k i :
  curvature kind kink (pre W k i) = slope_of (sign_pattern a W (k, i)).
Proof.
rewrite /curvature /slope_of ffunE /=; case: kind => //.
by case: (ltrgtP 0 (pre W k i)).
Qed.

(** The gradient with the slopes of the pattern s in place of those at W. *)
Definition pattern_gradient (s : pattern) (W : weights) i k : 'rV[R]_n :=
  - (feature W k i *: residual W i + (slope_of (s (k, i)) * dot (W k) (residual W i)) *: a i).

Lemma pattern_gradientE W i k : grad i W k = pattern_gradient (sign_pattern a W) W i k.
Proof. by rewrite /tied_gradient slope_pattern. Qed.

(** Both agree where the slopes of neuron k on a_i do. *)
Lemma pattern_gradient_same (s : pattern) W i k :
  slope_of (s (k, i)) = curvature kind kink (pre W k i) ->
  pattern_gradient s W i k = grad i W k.
Proof. by rewrite /pattern_gradient => ->. Qed.

(** A point that is neither exact nor invisible has a strictly active neuron that the gradient
    moves. *)
Lemma exact_invisible_or_moved (W : weights) i :
  (residual W i = 0 \/ forall k, feature W k i = 0) \/
  exists k, feature W k i != 0 /\ grad i W k != 0.
Proof.
case: (boolP [exists k, (feature W k i != 0) && (grad i W k != 0)]) => [/existsP[k /andP[]]|none].
  by right; exists k.
left; apply: (exact_or_invisible (kink := kink)) => k fk; apply/eqP.
by move: none; rewrite negb_exists => /forallP/(_ k); rewrite fk negbK.
Qed.

(** ** A convergent run *)
Variables (eta : R) (Om : finType) (points : Om -> seq 'I_m) (draws : nat -> Om).
Variables (W0 Wlim : weights).
Hypothesis eta0 : eta != 0.
Local Notation weight := (tied_run kind a kink eta (fun u => points (draws u)) W0).
Hypothesis conv : weights_converge_to weight Wlim.

Lemma weight_tends k : vtends (fun t => weight t k) (Wlim k).
Proof.
move=> j e e0; have [T hT] := conv e0; exists T => t tT.
by have := coordinate_le j e0 (hT t tT k); rewrite !mxE.
Qed.

Lemma pre_tends k i : tends (fun t => pre (weight t) k i) (pre Wlim k i).
Proof. by apply: tends_dot; [exact: weight_tends | exact: vtends_const]. Qed.

Lemma residual_tends i : vtends (fun t => residual (weight t) i) (residual Wlim i).
Proof.
apply: vtendsD; first exact: vtends_const.
apply: vtendsN; apply: vtends_sum => k; apply: vtendsZ; last exact: weight_tends.
by apply: tends_phi; exact: pre_tends.
Qed.

Lemma pattern_gradient_tends s i k :
  vtends (fun t => pattern_gradient s (weight t) i k) (pattern_gradient s Wlim i k).
Proof.
apply: vtendsN; apply: vtendsD.
  by apply: vtendsZ; [apply: tends_phi; exact: pre_tends | exact: residual_tends].
apply: vtendsZ; last exact: vtends_const.
apply: tendsM; first exact: tends_const.
by apply: tends_dot; [exact: weight_tends | exact: residual_tends].
Qed.

(** Late in the run a draw whose gradient in row k, with the slopes of a pattern, is not 0 at the
    limit does not come while the run has that pattern. [late] are the patterns that come late. *)
Lemma never_late k (late : pred pattern) (bet : pattern -> Om) :
  eventually (fun t => late (sign_pattern a (weight t))) ->
  (forall s, late s -> \sum_(i <- points (bet s)) pattern_gradient s Wlim i k != 0) ->
  eventually (fun t => draws t <> bet (sign_pattern a (weight t))).
Proof.
move=> ev moved.
have each s : eventually (fun t => late s -> sign_pattern a (weight t) = s -> draws t <> bet s).
  case: (boolP (late s)) => ls; last by exists 0%N.
  have /rV0Pn[j vj] := moved s ls; set v := \sum_(i <- _) _ in vj.
  pose alpha : R := eta / (size (points (bet s)))%:R.
  have alpha0 : alpha != 0.
    rewrite mulf_neq0 // invr_neq0 // pnatr_eq0 size_eq0; apply: contra vj => /eqP nil.
    by rewrite /v nil big_nil mxE.
  have step0 : tends (fun t => weight t.+1 k 0 j - weight t k 0 j) (Wlim k 0 j - Wlim k 0 j).
    apply: tendsD; last by apply: tendsN; exact: weight_tends.
    by apply: (tends_shift (x := fun t => weight t k 0 j)); exact: weight_tends.
  have stepv : tends (fun t =>
      - (alpha * (\sum_(i <- points (bet s)) pattern_gradient s (weight t) i k) 0 j))
      (- (alpha * v 0 j)).
    apply: tendsN; apply: tendsM; first exact: tends_const.
    by apply: vtends_sum => i; exact: pattern_gradient_tends.
  have ne : Wlim k 0 j - Wlim k 0 j != - (alpha * v 0 j).
    by rewrite subrr eq_sym oppr_eq0 mulf_neq0.
  have := tends_neq step0 stepv ne; apply: eventually_imp => t differ _ sE dE; apply: differ.
  rewrite /= /tied_step dE !mxE addrC addrA addNr add0r; congr (- (_ * _)); rewrite !summxE.
  by apply: eq_bigr => i _; rewrite pattern_gradientE sE.
have := eventually_and ev (eventually_all each); apply: eventually_imp => t [lt all_s].
by apply: (all_s (sign_pattern a (weight t))).
Qed.

(** A neuron that is active on a point at the limit has slope 1 there, late in the run. *)
Lemma active_late k i : feature Wlim k i != 0 ->
  eventually (fun t => slope_of (sign_pattern a (weight t) (k, i)) == 1).
Proof.
move=> fk; have [fE sE] := active_pre kink fk.
have [kE|kE] : kind = Linear \/ kind = Relu by case: kind; [left | right].
  by exists 0%N => t _; rewrite /slope_of kE.
have p0 : 0 < pre Wlim k i.
  by move: fk; rewrite /feature /phi kE; case: (lerP 0 (pre Wlim k i)) => [p0 pn|_];
    rewrite ?eqxx // lt_def pn.
have := tends_gt0 (pre_tends k i) p0; apply: eventually_imp => t pt.
by rewrite slope_of_positive // ffunE.
Qed.

(** [separating]: vectors g_1 .. g_m whose sums over all draws vanish are all 0. *)
Definition separating := forall g : 'I_m -> 'rV[R]_n,
  (forall o, \sum_(i <- points o) g i = 0) -> forall i, g i = 0.

Theorem fair_run_rests : separating -> fair kind a kink eta points W0 draws ->
  all_or_nothing_point kind a Wlim.
Proof.
move=> sep fair_draws i; case: (exact_invisible_or_moved Wlim i) => // -[k [fk gk]]; exfalso.
have [_ sE] := active_pre kink fk.
pose moved s o := \sum_(i <- points o) pattern_gradient s Wlim i k != 0.
pose bet s := odflt (draws 0%N) [pick o | moved s o].
have [T never] : eventually (fun t => draws t <> bet (sign_pattern a (weight t))).
  apply: (never_late (late := fun s => slope_of (s (k, i)) == 1) (bet := bet) (active_late fk)).
  move=> s /eqP s1; rewrite -/(moved s (bet s)) /bet.
  case: pickP => [o mo|none]; [exact: mo | exfalso]; move/eqP: gk; apply.
  rewrite -(pattern_gradient_same (s := s)) ?s1 ?sE //.
  apply: (sep (fun i => pattern_gradient s Wlim i k)) => o; apply/eqP.
  by have := none o; rewrite /moved => /negbFE.
have [t [tT dt]] := fair_draws bet T; exact: never t tT dt.
Qed.

(** One draw whose gradient moves neuron k under every late pattern. *)
Lemma recurrent_moved k (late : pred pattern) o : recurrent draws ->
  eventually (fun t => late (sign_pattern a (weight t))) ->
  ~ (forall s, late s -> \sum_(i <- points o) pattern_gradient s Wlim i k != 0).
Proof.
move=> rec ev moved; have [T never] := never_late (bet := fun _ => o) ev moved.
by have [t [tT dt]] := rec o T; exact: never t tT dt.
Qed.

(** Linear neurons: the slope is always 1, so that it is enough that every draw recurs. *)
Theorem recurrent_linear_rests : kind = Linear -> separating -> recurrent draws ->
  all_or_nothing_point kind a Wlim.
Proof.
move=> lin sep rec i; case: (exact_invisible_or_moved Wlim i) => // -[k [fk gk]]; exfalso.
have same s j : pattern_gradient s Wlim j k = grad j Wlim k.
  by apply: pattern_gradient_same; rewrite /slope_of /curvature lin.
case: (boolP [exists o, \sum_(j <- points o) grad j Wlim k != 0]) => [/existsP[o mo]|].
  apply: (recurrent_moved (k := k) (late := xpredT) (o := o) rec); first by exists 0%N.
  by move=> s _; rewrite (eq_bigr (fun j => grad j Wlim k)).
rewrite negb_exists => /forallP none; move/eqP: gk; apply.
by apply: (sep (fun j => grad j Wlim k)) => o; apply/eqP; have := none o; rewrite negbK.
Qed.

(** Draws that show one point alone (once or more often): again it is enough that every draw
    recurs. *)
Theorem recurrent_single_rests :
  (forall i, exists o b, points o = nseq b.+1 i) -> recurrent draws ->
  all_or_nothing_point kind a Wlim.
Proof.
move=> single rec i; case: (exact_invisible_or_moved Wlim i) => // -[k [fk gk]]; exfalso.
have [_ sE] := active_pre kink fk; have [o [b oE]] := single i.
apply: (recurrent_moved (k := k) (late := fun s => slope_of (s (k, i)) == 1) (o := o) rec).
  exact: active_late fk.
move=> s /eqP s1.
rewrite oE big_nseq iter_addr_0 pattern_gradient_same ?s1 ?sE //.
by rewrite -scaler_nat scaler_eq0 pnatr_eq0.
Qed.
End Resting.
