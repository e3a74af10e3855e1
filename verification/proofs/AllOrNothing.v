(** All or nothing: where all batch gradients of a tied network vanish, every point is reconstructed
    exactly or is invisible. Any data, any number of neurons, identity and ReLU. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** If all sums over batches vanish, all terms vanish *)
Section Batches.
Variables (R : realFieldType) (V : lmodType R) (m b : nat) (g : 'I_m -> V).
Hypotheses (b0 : (0 < b)%N) (bm : (b < m)%N).

Theorem batch_sums_zero : (forall B : {set 'I_m}, #|B| = b -> \sum_(i in B) g i = 0) ->
  forall i, g i = 0.
Proof.
move=> zero i.
have same j : g j = g i.
  have [->|ij] := eqVneq i j; first by [].
  have [o /andP[io jo]] := some_batch b0 ij bm.
  have z1 := zero _ (eqP (valP o)); have z2 := zero _ (eqP (valP (swap i j o))).
  rewrite (bigD1 i) //= in z1; rewrite (bigD1 j) /= in z2; last by rewrite mem_swap tpermR.
  have z3 : \sum_(k in swap_set i j (val o) | k != j) g k = \sum_(k in val o | k != i) g k.
    apply: eq_bigl => k; rewrite mem_swap; case: (eqVneq k j) => [->|kj] /=.
      by rewrite andbF (negbTE jo).
    case: (eqVneq k i) => [->|ki] /=; first by rewrite tpermL (negbTE jo) andbF.
    by rewrite tpermD // eq_sym.
  move: z2; rewrite z3; move/eqP; rewrite addr_eq0 => /eqP ->.
  by apply/esym/eqP; rewrite -addr_eq0 z1.
have /card_gt0P[o _] : (0 < #|{: batch m b}|)%N by rewrite batches bin_gt0 ltnW.
have := zero _ (eqP (valP o)); rewrite (eq_bigr (fun _ => g i)) => [|j _]; last exact: same.
rewrite sumr_const (eqP (valP o)) -scaler_nat => /eqP; rewrite scaler_eq0 pnatr_eq0.
by rewrite (gtn_eqF b0) => /eqP.
Qed.
End Batches.

(** ** Tied network: W k is the row of neuron k (the definitions are in [Definitions]) *)
Section Tied.
Variables (R : realFieldType) (m n h : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Local Notation phi := (@phi R kind).
Variable kink : R.                              (* what ReLU's derivative is taken to be at 0 *)
Implicit Types (W : 'I_h -> 'rV[R]_n) (i : 'I_m) (k : 'I_h).

Local Notation pre := (@pre R m n h a).
Local Notation feature := (@feature R m n h kind a).
Local Notation output := (@output R m n h kind a).
Local Notation residual := (@residual R m n h kind a).
Local Notation tied_loss := (@tied_loss R m n h kind a).
Local Notation curvature := (@curvature R kind kink).
Local Notation tied_gradient := (@tied_gradient R m n h kind a kink).
Local Notation with_row := (@with_row R n h).
Local Notation exact_set := (@exact_set R m n h kind a).

(** An active neuron passes its input on with slope 1. *)
Lemma active_pre W k i : feature W k i != 0 -> feature W k i = pre W k i /\ curvature (pre W k i) = 1.
Proof.
rewrite /feature /curvature /Definitions.phi; case: kind => //.
case: (lerP 0 (pre W k i)) => [p0 p1|_]; last by rewrite eqxx.
by split=> //; rewrite (negbTE p1) lt_def p0 p1.
Qed.

(** Only the rows of active neurons are needed, so ReLU's kink does not matter. *)
Theorem exact_or_invisible W i : (forall k, feature W k i != 0 -> tied_gradient i W k = 0) ->
  residual W i = 0 \/ forall k, feature W k i = 0.
Proof.
move=> zero; case: (boolP [forall k, feature W k i == 0]) => [/forallP all|].
  by right=> k; apply/eqP; exact: all.
rewrite negb_forall => /existsP[k fk]; left; have [fE sE] := active_pre fk.
have := zero k fk; rewrite /tied_gradient sE mul1r => /eqP; rewrite oppr_eq0 addr_eq0 => /eqP.
set r := residual W i; set d := dot (W k) r; set v := feature W k i in fk fE * => vr.
pose mu := - (d / v).
have rE : r = mu *: a i.
  have -> : r = v^-1 *: (v *: r) by rewrite scalerA mulVf // scale1r.
  by rewrite vr scalerN scalerA /mu scaleNr mulrC.
have dE : d = mu * v by rewrite /d rE dotZr -/(pre W k i) fE.
have mu2 : mu = - mu by rewrite {1}/mu dE mulfK.
have mu0 : mu = 0.
  have : 2%:R * mu = 0 by rewrite mulr_natl mulr2n {2}mu2 subrr.
  by move/eqP; rewrite mulf_eq0 pnatr_eq0 /= => /eqP.
by rewrite rE mu0 scale0r.
Qed.

(** The theorem: all sums of gradients over batches of b < m points vanish. *)
Theorem all_or_nothing b W : (0 < b)%N -> (b < m)%N ->
  (forall B : {set 'I_m}, #|B| = b -> forall k, \sum_(i in B) tied_gradient i W k = 0) ->
  forall i, residual W i = 0 \/ forall k, feature W k i = 0.
Proof.
move=> b0 bm zero i; apply: exact_or_invisible => k _.
apply: (@batch_sums_zero R _ m b (fun i => tied_gradient i W k) b0 bm) => B cB.
exact: zero.
Qed.

(** Said of SGD: if no batch of b < m points moves W, W is all or nothing. *)
Corollary resting_point b (eta : R) W : (0 < b)%N -> (b < m)%N -> eta != 0 ->
  (forall B : {set 'I_m}, #|B| = b -> forall k,
     W k - (eta / b%:R) *: (\sum_(i in B) tied_gradient i W k) = W k) ->
  forall i, residual W i = 0 \/ forall k, feature W k i = 0.
Proof.
move=> b0 bm en rests; apply: (all_or_nothing b0 bm) => B cB k.
have := rests B cB k => /eqP; rewrite -subr_eq0 addrAC subrr add0r oppr_eq0 scaler_eq0.
case/orP => [|/eqP //].
by rewrite mulf_eq0 invr_eq0 (negbTE en) pnatr_eq0 (gtn_eqF b0).
Qed.

(** Exact points and invisible points: the scalar product is at most 0, and 0 for linear neurons. *)
Theorem exact_invisible W i j : residual W i = 0 -> (forall k, feature W k j = 0) ->
  dot (a i) (a j) <= 0 /\ (kind = Linear -> dot (a i) (a j) = 0).
Proof.
move=> /eqP; rewrite subr_eq0 => /eqP aE invisible.
have dE : dot (a i) (a j) = \sum_k feature W k i * pre W k j.
  by rewrite {1}aE dot_suml; apply: eq_bigr => k _; rewrite dotZl.
split=> [|lin].
  rewrite dE -oppr_ge0 -sumrN; apply: sumr_ge0 => k _; rewrite -mulrN.
  have := invisible k; rewrite /feature /Definitions.phi.
  case: kind => [->|]; first by rewrite oppr0 mulr0.
  case: (lerP 0 (pre W k j)) => [_ ->|/ltW j0 _]; first by rewrite oppr0 mulr0.
  by rewrite mulr_ge0 ?oppr_ge0 //; case: ifP.
rewrite dE big1 // => k _; have := invisible k; rewrite /feature lin /= => ->.
by rewrite mulr0.
Qed.

(** ** How many points, and the loss *)

(** Orthonormal data: at most h points, and at most the rank of W, are reconstructed exactly. *)
Theorem exact_points_le_rank W : orthonormal a ->
  (#|exact_set W| <= \rank (\matrix_k W k : 'M[R]_(h, n)))%N.
Proof.
move=> a_orth; set T := exact_set W; pose A : 'M[R]_(#|T|, n) := \matrix_t a (enum_val t).
pose Z : 'M[R]_(#|T|, h) := \matrix_(t, k) feature W k (enum_val t).
have AE : A = Z *m (\matrix_k W k).
  apply/row_matrixP => t; rewrite row_mul rowK mulmx_sum_row.
  have := enum_valP t; rewrite inE subr_eq0 => /eqP {1}->; apply: eq_bigr => k _.
  by rewrite rowK !mxE.
have AA : A *m A^T = 1%:M.
  apply/matrixP => t u; rewrite !mxE -(inj_eq enum_val_inj) -a_orth; apply: eq_bigr => k _.
  by rewrite !mxE.
rewrite -{1}(mxrank1 R #|T|) -AA; apply: leq_trans (mxrankM_maxl _ _) _.
by rewrite AE mxrankM_maxr.
Qed.

Corollary exact_points_le_neurons W : orthonormal a -> (#|exact_set W| <= h)%N.
Proof. by move=> a_orth; apply: leq_trans (exact_points_le_rank W a_orth) (rank_leq_row _). Qed.

(** Orthonormal data, every point exact or invisible: the loss counts the points given up. *)
Theorem all_or_nothing_loss W : orthonormal a -> (0 < m)%N ->
  (forall i, residual W i = 0 \/ forall k, feature W k i = 0) ->
  (\sum_i tied_loss i W) / m%:R = (m%:R - #|exact_set W|%:R) / (2%:R * m%:R).
Proof.
move=> a_orth m0 aon; have mn : m%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have lossE i : tied_loss i W = 2%:R^-1 - (if i \in exact_set W then 2%:R^-1 else 0).
  rewrite /tied_loss inE; case: (eqVneq (residual W i) 0) => [->|r0].
    by rewrite /sqnorm dot0l mulr0 subrr.
  case: (aon i) => [/eqP z|inv]; first by rewrite z in r0.
  rewrite /residual /output big1 => [|k _]; last by rewrite inv scale0r.
  by rewrite !subr0 /sqnorm a_orth eqxx mulr1.
rewrite (eq_bigr _ (fun i _ => lossE i)) sumrB -big_mkcond /=.
have -> : \sum_(i < m) 2%:R^-1 = m%:R * 2%:R^-1 :> R by rewrite sumr_const card_ord mulr_natl.
have -> : \sum_(i in exact_set W) 2%:R^-1 = #|exact_set W|%:R * 2%:R^-1 :> R.
  by rewrite sumr_const mulr_natl.
have frac (x y : R) : y != 0 -> (y * 2%:R^-1 - x * 2%:R^-1) / y = (y - x) / (2%:R * y).
  by move=> y0; field.
exact: frac.
Qed.

(** ** The gradient is right: Frechet's derivative in the row of one neuron, away from the kink *)

Lemma output_row W k w i : output (with_row W k w) i =
  phi (dot w (a i)) *: w + \sum_(k' | k' != k) feature W k' i *: W k'.
Proof.
rewrite /output (bigD1 k) //=; congr (_ + _).
  by rewrite /feature /pre /with_row eqxx.
by apply: eq_bigr => k' /negbTE kk; rewrite /feature /pre /with_row kk.
Qed.

Lemma loss_row W k i : let r := residual W i + feature W k i *: W k in
  forall w, tied_loss i (with_row W k w) = 2%:R^-1 * sqnorm (r - phi (dot w (a i)) *: w).
Proof.
move=> r w; rewrite /tied_loss /residual output_row; congr (_ * sqnorm _).
rewrite /r /residual.
have -> : output W i = feature W k i *: W k + \sum_(k' | k' != k) feature W k' i *: W k'.
  by rewrite /output (bigD1 k).
move: (\sum_(k' | k' != k) _) (feature W k i *: W k) (phi (dot w (a i)) *: w) => T x y.
apply/rowP => j; rewrite !mxE; move: (a i 0 j) (x 0 j) (y 0 j) (T 0 j) => p q s t; ring.
Qed.

Lemma sqnorm_add3 (x y z : 'rV[R]_n) :
  sqnorm (x + y + z) <= 3%:R * (sqnorm x + sqnorm y + sqnorm z).
Proof.
rewrite -subr_ge0; have -> : 3%:R * (sqnorm x + sqnorm y + sqnorm z) - sqnorm (x + y + z) =
    sqnorm (x - y) + sqnorm (x - z) + sqnorm (y - z).
  by rewrite !sqnormB !sqnormD dotDl; ring.
by rewrite !addr_ge0 ?sqnorm_ge0.
Qed.

(** The quartic polynomial of an active neuron. *)
Lemma quartic_gradient (r w x : 'rV[R]_n) e : 0 < e ->
  let g := - (dot w x *: (r - dot w x *: w) + dot w (r - dot w x *: w) *: x) in
  exists2 d, 0 < d & forall u, sqnorm u <= d ->
    (2%:R^-1 * sqnorm (r - dot (w + u) x *: (w + u)) - 2%:R^-1 * sqnorm (r - dot w x *: w)
     - dot g u) ^+ 2 <= e * sqnorm u.
Proof.
move=> e0 g; set v := dot w x in g *; set s := r - v *: w in g *.
have w0 := sqnorm_ge0 w; have x0 := sqnorm_ge0 x; have s0 := sqnorm_ge0 s.
pose B : R := 3%:R * (v ^+ 2 + sqnorm x * sqnorm w + sqnorm x).
have B0 : 0 <= B by rewrite /B; positive.
pose K : R := 2%:R * (sqnorm x * sqnorm s) + B ^+ 2.
apply: (@second_order R n _ K e e0) => [|u u1]; first by rewrite /K; positive.
pose d := dot u x; pose y := v *: u + d *: w + d *: u.
have u0 := sqnorm_ge0 u.
have yE : r - dot (w + u) x *: (w + u) = s - y.
  rewrite /s /y dotDl -/v -/d scalerDl !scalerDr !opprD !addrA.
  by rewrite (addrAC (r - _)).
have gE : dot g u = - dot s (v *: u + d *: w).
  have gen (s' : 'rV[R]_n) : dot (v *: s' + dot w s' *: x) u = dot s' (v *: u + dot u x *: w).
    by rewrite dotDl !dotZl dotDr !dotZr (dotC x) (dotC w s'); ring.
  by rewrite /g dotNl gen.
have -> : 2%:R^-1 * sqnorm (r - dot (w + u) x *: (w + u)) - 2%:R^-1 * sqnorm s - dot g u =
    2%:R^-1 * sqnorm y - d * dot s u.
  by rewrite yE gE sqnormB /y dotDr dotZr; field.
have d2 : d ^+ 2 <= sqnorm x * sqnorm u by rewrite mulrC; exact: dot_sqr_le.
have su : dot s u ^+ 2 <= sqnorm s * sqnorm u by exact: dot_sqr_le.
have y2 : sqnorm y <= B * sqnorm u.
  apply: le_trans (sqnorm_add3 _ _ _) _; rewrite !sqnormZ /B.
  move: (sqnorm x) (sqnorm w) (sqnorm u) x0 w0 u0 u1 d2 => X Y U X0 Y0 U0 U1 d2.
  have d2' : 0 <= X * U - d ^+ 2 by rewrite subr_ge0.
  have U1' : 0 <= 1 - U by rewrite subr_ge0.
  cert (3%:R * ((X * U - d ^+ 2) * Y + (X * U - d ^+ 2) * U + X * U * (1 - U))).
have y4 : sqnorm y ^+ 2 <= B ^+ 2 * sqnorm u ^+ 2.
  by rewrite -exprMn; apply: sqr_le_of_abs => //; exact: sqnorm_ge0.
have ds : (d * dot s u) ^+ 2 <= sqnorm x * sqnorm s * sqnorm u ^+ 2.
  have -> : sqnorm x * sqnorm s * sqnorm u ^+ 2 = (sqnorm x * sqnorm u) * (sqnorm s * sqnorm u).
    by ring.
  rewrite exprMn.
  by apply: mul_le => //; exact: sqr_ge0.
rewrite /K; move: (sqnorm y) (d * dot s u) y4 ds => Y D y4 ds.
cert (2%:R * (sqnorm x * sqnorm s * sqnorm u ^+ 2 - D ^+ 2) + (B ^+ 2 * sqnorm u ^+ 2 - Y ^+ 2)
  + (2%:R^-1 * Y + D) ^+ 2 + Y ^+ 2 / 2%:R).
Qed.

Theorem tied_gradient_correct i W k : kind = Linear \/ pre W k i != 0 ->
  is_gradient (fun w => tied_loss i (with_row W k w)) (W k) (tied_gradient i W k).
Proof.
move=> smooth e e0; pose r := residual W i + feature W k i *: W k.
have lossE w := loss_row W k i w; rewrite -/r in lossE.
have near_id : exists2 d, 0 < d & forall u, sqnorm u <= d ->
    phi (dot (W k + u) (a i)) = curvature (pre W k i) * dot (W k + u) (a i).
  case: smooth => [lin|p0].
    by exists 1; [exact: ltr01 | move=> u _; rewrite /Definitions.phi /curvature lin mul1r].
  pose d := pre W k i ^+ 2 / (2%:R * (sqnorm (a i) + 1)).
  have den : 0 < 2%:R * (sqnorm (a i) + 1).
    rewrite mulr_gt0 ?ltr0n //; apply: (lt_le_trans ltr01); have N0 := sqnorm_ge0 (a i).
    by cert (sqnorm (a i)).
  have p2 : 0 < pre W k i ^+ 2 by rewrite lt_def sqr_ge0 expf_eq0 /= p0.
  exists d => [|u ud]; first by rewrite divr_gt0.
  have small : dot u (a i) ^+ 2 < pre W k i ^+ 2.
    apply: le_lt_trans (dot_sqr_le _ _) _.
    apply: (@le_lt_trans _ _ (d * (sqnorm (a i) + 1))).
      apply: mul_le => //; rewrite ?sqnorm_ge0 //; by cert (1 : R).
    have -> : d * (sqnorm (a i) + 1) = pre W k i ^+ 2 / 2%:R.
      by rewrite /d; field; move: den; rewrite pmulr_rgt0 ?ltr0n // => /gt_eqF ->.
    rewrite -subr_gt0.
    have -> : pre W k i ^+ 2 - pre W k i ^+ 2 / 2%:R = pre W k i ^+ 2 / 2%:R by field.
    by rewrite divr_gt0 ?ltr0n.
  rewrite /Definitions.phi /curvature; case: kind; rewrite ?mul1r // (negbTE p0).
  rewrite dotDl -/(pre W k i); move: (pre W k i) (dot u (a i)) p0 small => p q p0 small.
  have [pp|pn] := ltrP 0 p.
    rewrite mul1r ifT //; rewrite leNgt; apply/negP => neg.
    move: small; rewrite ltNge => /negP; apply.
    have neg' : 0 <= - (p + q) by rewrite oppr_ge0 ltW.
    have pp' := ltW pp; by cert (- (p + q) * (- (p + q) + 2%:R * p)).
  rewrite mul0r; case: ifP => // pos; apply/eqP/negP => /negP nz.
  move: small; rewrite ltNge => /negP; apply.
  have pn' : 0 <= - p by rewrite oppr_ge0.
  by cert ((p + q) * ((p + q) + 2%:R * (- p))).
have [d0 d00 idE] := near_id.
have s0 : phi (dot (W k) (a i)) = curvature (pre W k i) * dot (W k) (a i).
  by have := idE 0; rewrite addr0 {1}/sqnorm dot0l; apply; exact: ltW.
have eE : residual W i = r - phi (dot (W k) (a i)) *: W k by rewrite /r /feature /pre addrK.
have slope01 : curvature (pre W k i) = 1 \/ curvature (pre W k i) = 0.
  by case: smooth => [lin|p0]; rewrite /curvature; [rewrite lin; left |
     case: kind; [left | rewrite (negbTE p0); case: ifP => _; [left | right]]].
case: slope01 => sl.
  have [d1 d10 near] := @quartic_gradient r (W k) (a i) e e0.
  exists (if d0 <= d1 then d0 else d1) => [|u ud]; first by case: ifP.
  have ud0 : sqnorm u <= d0 by apply: le_trans ud _; case: (lerP d0 d1) => [_|/ltW //]; exact: lexx.
  have ud1 : sqnorm u <= d1 by apply: le_trans ud _; case: (lerP d0 d1) => [//|_]; exact: lexx.
  move: (near u ud1); rewrite !lossE (idE u ud0) s0 sl !mul1r.
  by rewrite /tied_gradient /feature {1}/pre s0 eE s0 sl !mul1r.
exists d0 => // u ud; rewrite !lossE (idE u ud) s0 sl !mul0r !scale0r subr0 subrr.
rewrite /tied_gradient /feature {1}/pre s0 sl !mul0r !scale0r addr0 oppr0 dot0l subr0 expr0n.
by rewrite mulr_ge0 ?sqnorm_ge0 // ltW.
Qed.
End Tied.
