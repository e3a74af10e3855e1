(** What follows from all or nothing: no batch moves such a point, so these are exactly the
    resting points; correlated data leave no such point but the dead ones; one ReLU neuron; and
    what goes wrong if two points always come together. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Exchange AllOrNothing Limits Resting Sure.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Points.
Variables (R : realFieldType) (m n h : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R).
Local Notation weights := ('I_h -> 'rV[R]_n).
Local Notation feature := (@feature R m n h kind a).
Local Notation residual := (@residual R m n h kind a).
Local Notation pre := (@pre R m n h a).
Local Notation grad := (@tied_gradient R m n h kind a kink).
Implicit Types (W : weights) (i : 'I_m) (k : 'I_h).

(** An exact point and an invisible point have gradient 0, kinks included: if <w_k, a_i> is not
    positive, then phi' is 0 unless <w_k, a_i> = 0, and then <w_k, e_i> = <w_k, a_i> = 0. *)
Lemma exact_gradient W i k : residual W i = 0 -> grad i W k = 0.
Proof. by move=> e0; rewrite /tied_gradient e0 scaler0 dot0r mulr0 scale0r addr0 oppr0. Qed.

Lemma invisible_gradient W i k : (forall k, feature W k i = 0) -> grad i W k = 0.
Proof.
move=> invisible; have eE : residual W i = a i.
  by rewrite /residual /output big1 ?subr0 // => k' _; rewrite invisible scale0r.
have s0 : curvature kind kink (pre W k i) * pre W k i = 0.
  have := invisible k; rewrite /feature /phi /curvature; case: kind; first by rewrite mul1r.
  case: (ltrgtP 0 (pre W k i)) => [p0 pE|_ _|<- _]; rewrite ?mul0r ?mulr0 //.
  by move: p0; rewrite pE ltxx.
by rewrite /tied_gradient invisible scale0r add0r eE -/(pre W k i) s0 scale0r oppr0.
Qed.

Lemma all_or_nothing_gradient W i k : all_or_nothing_point kind a W -> grad i W k = 0.
Proof. by case/(_ i); [exact: exact_gradient | exact: invisible_gradient]. Qed.

Lemma eq_gradient W W' i k : (forall k, W k = W' k) -> grad i W k = grad i W' k.
Proof.
move=> WW'; have pE k' : pre W k' i = pre W' k' i by rewrite /pre WW'.
have eE : residual W i = residual W' i.
  rewrite /residual /output; congr (_ - _); apply: eq_bigr => k' _.
  by rewrite /Definitions.feature pE WW'.
by rewrite /tied_gradient /Definitions.feature pE eE WW'.
Qed.

(** A point that is moved by none of the draws stays. *)
Lemma constant_run (f : nat -> seq 'I_m) W :
  (forall t k, \sum_(i <- f t) grad i W k = 0) -> forall t k, tied_run kind a kink eta f W t k = W k.
Proof.
move=> rests; elim=> [//|t IH] k; rewrite /= /tied_step IH.
rewrite (eq_bigr (fun i => grad i W k)) => [|i _]; last exact: eq_gradient.
by rewrite rests scaler0 subr0.
Qed.

Lemma constant_converges (f : nat -> seq 'I_m) W :
  (forall t k, tied_run kind a kink eta f W t k = W k) -> weights_converge_to (tied_run kind a kink eta f W) W.
Proof.
move=> same e e0; exists 0%N => t _ k; rewrite same subrr /sqnorm dot0l.
by rewrite exprn_ge0 // ltW.
Qed.

Lemma all_or_nothing_run (f : nat -> seq 'I_m) W : all_or_nothing_point kind a W ->
  forall t k, tied_run kind a kink eta f W t k = W k.
Proof.
move=> aon; apply: constant_run => t k; rewrite big1 // => i _.
exact: all_or_nothing_gradient.
Qed.

(** The resting points of SGD are the all-or-nothing points. *)
Lemma resting_separating (Om : finType) (points : Om -> seq 'I_m) W : eta != 0 ->
  separating R n points ->
  (forall o k, tied_step kind a kink eta (points o) W k = W k) <-> all_or_nothing_point kind a W.
Proof.
move=> eta0 sep; split=> [rests i|aon o k]; last first.
  rewrite /tied_step big1 ?scaler0 ?subr0 // => i _; exact: all_or_nothing_gradient.
apply: (exact_or_invisible (kink := kink)) => k _.
apply: (sep (fun i => grad i W k)) => o; have /eqP := rests o k.
rewrite /tied_step -subr_eq0 addrAC subrr add0r oppr_eq0 scaler_eq0 => /orP[|/eqP //].
rewrite mulf_eq0 (negbTE eta0) invr_eq0 pnatr_eq0 size_eq0 => /eqP ->.
by rewrite big_nil.
Qed.

(** ** Correlated data *)

(** The exact points lie in the span of the rows of W. *)
Lemma all_exact_rank W : (forall i, residual W i = 0) ->
  (\rank (\matrix_i a i : 'M[R]_(m, n)) <= h)%N.
Proof.
move=> exact; pose Z : 'M[R]_(m, h) := \matrix_(i, k) feature W k i.
have -> : \matrix_i a i = Z *m (\matrix_k W k).
  apply/row_matrixP => i; rewrite row_mul rowK mulmx_sum_row.
  have /eqP := exact i; rewrite subr_eq0 => /eqP {1}->; apply: eq_bigr => k _.
  by rewrite rowK !mxE.
exact: leq_trans (mxrankM_maxl _ _) (rank_leq_col _).
Qed.

Lemma correlated_invisible W : (h < \rank (\matrix_i a i : 'M[R]_(m, n)))%N ->
  (forall S : {set 'I_m}, S != set0 -> S != setT -> exists i j, [/\ i \in S, j \notin S &
     if kind is Relu then 0 < dot (a i) (a j) else dot (a i) (a j) != 0]) ->
  all_or_nothing_point kind a W -> forall k i, feature W k i = 0.
Proof.
move=> rk connected aon k i; apply/eqP/negPn/negP => active.
pose S := exact_set kind a W.
have invisible j : j \notin S -> forall k, feature W k j = 0.
  by rewrite inE => /eqP; case: (aon j).
have iS : i \in S by apply/negPn/negP => /invisible/(_ k) z; rewrite z eqxx in active.
have [ST|] := eqVneq S setT.
  move: rk; rewrite ltnNge => /negP; apply; apply: (@all_exact_rank W) => j.
  by have : j \in S; [rewrite ST inE | rewrite inE => /eqP].
have S0 : S != set0 by apply/set0Pn; exists i.
move=> /(connected S S0)[j [l [jS /invisible lS]]].
have jE : residual W j = 0 by apply/eqP; move: jS; rewrite inE.
have [le0 eq0] := exact_invisible jE lS; case: kind eq0 => [/(_ erefl) ->|_]; first by rewrite eqxx.
by rewrite ltNge le0.
Qed.
End Points.

(** ** One ReLU neuron on distinct points of length 1 *)
Section OneRelu.
Variables (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n).
Hypotheses (unit : forall i, sqnorm (a i) = 1) (distinct : injective a).

Lemma one_relu (W : 'I_1 -> 'rV[R]_n) : all_or_nothing_point Relu a W <->
  (forall i, dot (W ord0) (a i) <= 0) \/
  exists i, W ord0 = a i /\ forall j, j != i -> dot (a i) (a j) <= 0.
Proof.
have outE i : output Relu a W i = feature Relu a W ord0 i *: W ord0 by rewrite /output big_ord1.
have invisible i : feature Relu a W ord0 i = 0 -> dot (W ord0) (a i) <= 0.
  by rewrite /feature /phi /pre; case: (lerP 0 (dot _ _)) => [_ ->|/ltW].
have exact i : residual Relu a W i = 0 -> 0 < feature Relu a W ord0 i /\ W ord0 = a i.
  move/eqP; rewrite subr_eq0 outE => /eqP aE.
  have f0 : feature Relu a W ord0 i != 0.
    apply/eqP => z; have := unit i; rewrite aE z scale0r /sqnorm dot0l => /esym/eqP.
    by rewrite oner_eq0.
  have fpos : 0 < feature Relu a W ord0 i.
    by move: f0; rewrite /feature /phi; case: (lerP 0 _) => [p pn|_]; rewrite ?eqxx // lt_def pn.
  have fE : feature Relu a W ord0 i = dot (W ord0) (a i).
    by move: f0; rewrite /feature /phi; case: ifP => //; rewrite eqxx.
  have f2 : feature Relu a W ord0 i ^+ 2 = 1.
    rewrite -(unit i) expr2 {2}fE /sqnorm {2}aE dotZl; congr (_ * _); exact: dotC.
  have f1 : feature Relu a W ord0 i = 1.
    have /eqP : (feature Relu a W ord0 i - 1) * (feature Relu a W ord0 i + 1) = 0.
      have -> : (feature Relu a W ord0 i - 1) * (feature Relu a W ord0 i + 1) =
        feature Relu a W ord0 i ^+ 2 - 1 by ring.
      by rewrite f2 subrr.
    rewrite mulf_eq0 subr_eq0 => /orP[/eqP //|].
    by rewrite gt_eqF // addr_gt0 ?ltr01.
  by split=> //; rewrite aE f1 scale1r.
split=> [aon|].
  case: (boolP [exists i, residual Relu a W i == 0]) => [/existsP[i /eqP ei]|none]; [right | left].
    have [_ wE] := exact i ei; exists i; split=> // j ji; rewrite -wE; apply: invisible.
    case: (aon j) => [/exact[_ wE']|inv]; last exact: inv.
    by move: ji; rewrite (distinct (etrans (esym wE') wE)) eqxx.
  move=> i; apply: invisible; case: (aon i) => [ei|inv]; last exact: inv.
  by move: none; rewrite negb_exists => /forallP/(_ i); rewrite ei eqxx.
have dead i : dot (W ord0) (a i) <= 0 -> forall k, feature Relu a W k i = 0.
  move=> le0 k; rewrite (ord1 k) /feature /phi /pre; case: ifP => // ge0.
  by apply/eqP; rewrite eq_le le0 ge0.
case=> [all_dead i|[i [wE others]] j]; first by right; exact: dead.
have [->|ji] := eqVneq j i; last by right; apply: dead; rewrite wE; exact: others.
left; rewrite /residual outE /feature /phi /pre wE -/(sqnorm (a i)) unit ler01.
by rewrite scale1r subrr.
Qed.
End OneRelu.

(** ** One neuron: the gradient of [Definitions], and no kink matters *)
Section OneNeuron.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (kink eta : R).
Implicit Types (W : 'I_1 -> 'rV[R]_n).

Lemma one_neuron_gradient W i k : tied_gradient kind a kink i W k = sample_gradient kind a i (W k).
Proof.
rewrite (ord1 k) /tied_gradient /sample_gradient /residual /output big_ord1 /feature /pre /corr.
set w := W ord0; set f := phi kind _; rewrite dotBr dotZr -/(sqnorm w).
have [sf sc] : curvature kind kink (dot w (a i)) * f = f /\
    curvature kind kink (dot w (a i)) * dot w (a i) = f.
  rewrite /f /curvature /phi; case: kind; first by rewrite !mul1r.
  case: (ltrgtP 0 (dot w (a i))) => [_|_|<-]; by rewrite ?mul1r ?mul0r ?mulr0.
have -> : curvature kind kink (dot w (a i)) * (dot w (a i) - f * sqnorm w) = f - f * sqnorm w.
  by rewrite mulrBr sc mulrA sf.
clear sf sc; clearbody f; move: (sqnorm w) => N.
apply/rowP => j; rewrite !mxE; move: (a i 0 j) (w 0 j) => p q; ring.
Qed.

Variables (Om : finType) (points : Om -> seq 'I_m) (draws : nat -> Om) (W0 Wlim : 'I_1 -> 'rV[R]_n).
Hypothesis eta0 : eta != 0.
Local Notation weight := (tied_run kind a kink eta (fun u => points (draws u)) W0).
Hypothesis conv : weights_converge_to weight Wlim.

(** On a point with <w, a_i> = 0 the slope is multiplied by <w, e_i> = <w, a_i> = 0. *)
Lemma kink_harmless s i : pre a Wlim ord0 i = 0 ->
  pattern_gradient kind a kink s Wlim i ord0 = tied_gradient kind a kink i Wlim ord0.
Proof.
move=> p0; have f0 : feature kind a Wlim ord0 i = 0.
  by rewrite /feature p0 /phi; case: kind; rewrite ?lexx.
have d0 : dot (Wlim ord0) (residual kind a Wlim i) = 0.
  by rewrite /residual /output big_ord1 f0 scale0r subr0.
by rewrite /pattern_gradient /tied_gradient d0 !mulr0.
Qed.

Lemma slopes_late i : eventually (fun t =>
  (slope_of kind kink (sign_pattern a (weight t) (ord0, i)) ==
   curvature kind kink (pre a Wlim ord0 i)) || (pre a Wlim ord0 i == 0)).
Proof.
have [p0|p0|<-] := ltrgtP 0 (pre a Wlim ord0 i); last by exists 0%N => t _; rewrite orbT.
  have := tends_gt0 (pre_tends conv ord0 i) p0; apply: eventually_imp => t pt.
  by rewrite -slope_pattern /curvature pt p0 (gt_eqF pt) (gt_eqF p0) eqxx.
have n0 : 0 < - pre a Wlim ord0 i by rewrite oppr_gt0.
have := tends_gt0 (tendsN (pre_tends conv ord0 i)) n0; apply: eventually_imp => t.
rewrite oppr_gt0 => pt; rewrite -slope_pattern /curvature (lt_eqF pt) (lt_eqF p0).
by rewrite (le_gtF (ltW pt)) (le_gtF (ltW p0)) eqxx.
Qed.

Theorem recurrent_one_neuron_rests : separating R n points -> recurrent draws ->
  all_or_nothing_point kind a Wlim.
Proof.
move=> sep rec i; case: (exact_invisible_or_moved kind a kink Wlim i) => // -[k []].
rewrite (ord1 k) => fk gk; exfalso.
pose late (s : {ffun 'I_1 * 'I_m -> bool * bool}) := [forall j,
  (slope_of kind kink (s (ord0, j)) == curvature kind kink (pre a Wlim ord0 j)) ||
  (pre a Wlim ord0 j == 0)].
have lateE : eventually (fun t => late (sign_pattern a (weight t))).
  by have := eventually_all slopes_late; apply: eventually_imp => t all_j; apply/forallP.
have same s j : late s ->
    pattern_gradient kind a kink s Wlim j ord0 = tied_gradient kind a kink j Wlim ord0.
  by move=> /forallP/(_ j)/orP[/eqP /pattern_gradient_same //|/eqP]; exact: kink_harmless.
case: (boolP [exists o, \sum_(j <- points o) tied_gradient kind a kink j Wlim ord0 != 0]).
  case/existsP => o mo; apply: (recurrent_moved eta0 conv (k := ord0) (o := o) rec lateE) => s ls.
  by rewrite (eq_bigr (fun j => tied_gradient kind a kink j Wlim ord0)) => [|j _]; rewrite ?same.
rewrite negb_exists => /forallP none; move/eqP: gk; apply.
apply: (sep (fun j => tied_gradient kind a kink j Wlim ord0)) => o; apply/eqP.
by have := none o; rewrite negbK.
Qed.
End OneNeuron.

(** ** Linear neurons: every point is an eigenvector of W^T W, with eigenvalue 1 or 0 *)
Section Eigenvectors.
Variables (R : realFieldType) (m n h : nat) (a : 'I_m -> 'rV[R]_n) (W : 'I_h -> 'rV[R]_n).
Let M : 'M[R]_(h, n) := \matrix_k W k.

Lemma linear_output i : output Linear a W i = a i *m (M^T *m M).
Proof.
rewrite mulmxA mulmx_sum_row /output; apply: eq_bigr => k _; rewrite rowK; congr (_ *: _).
by rewrite mxE /feature /pre /dot /=; apply: eq_bigr => j _; rewrite !mxE mulrC.
Qed.

Lemma eigenvectors : all_or_nothing_point Linear a W <->
  forall i, a i *m (M^T *m M) = a i \/ a i *m (M^T *m M) = 0.
Proof.
have invisible i : (forall k, feature Linear a W k i = 0) <-> a i *m (M^T *m M) = 0.
  split=> [inv|z k]; first by rewrite -linear_output /output big1 // => k _; rewrite inv scale0r.
  have : dot (a i) (a i *m (M^T *m M)) = \sum_k feature Linear a W k i ^+ 2.
    rewrite -linear_output /output dot_sumr; apply: eq_bigr => l _.
    by rewrite dotZr dotC expr2.
  rewrite z dot0r => /esym/eqP; rewrite psumr_eq0 => [/allP/(_ k)|l _]; last exact: sqr_ge0.
  by rewrite mem_index_enum => /(_ isT); rewrite /= sqrf_eq0 => /eqP.
split=> aon i; case: (aon i).
- by move=> /eqP; rewrite subr_eq0 linear_output eq_sym => /eqP; left.
- by move/invisible; right.
- by move=> E; left; rewrite /residual linear_output E subrr.
by move/invisible; right.
Qed.
End Eigenvectors.
