(** The landscape: loss in closed form, gap, global minima, gradient; linear: Hessian and trace. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Landscape.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Local Notation G := (active_part kind a).

Lemma dot_comb (k : 'I_m -> R) j : dot (\sum_i k i *: a i) (a j) = k j.
Proof.
rewrite dot_suml (bigD1 j) //= dotZl a_orth eqxx mulr1 big1 ?addr0 // => i ij.
by rewrite dotZl a_orth (negbTE ij) mulr0.
Qed.

Lemma sqnorm_comb (k : 'I_m -> R) : N (\sum_i k i *: a i) = \sum_i k i ^+ 2.
Proof.
rewrite {1}/sqnorm dot_sumr; apply: eq_bigr => j _.
by rewrite dotZr dot_comb expr2.
Qed.

Lemma corrD w h i : c (w + h) i = c w i + c h i.
Proof. exact: dotDl. Qed.

Lemma bessel h : \sum_i c h i ^+ 2 <= N h.
Proof.
have := sqnorm_ge0 (h - \sum_i c h i *: a i).
rewrite sqnormB sqnorm_comb dot_sumr.
have -> : \sum_i dot h (c h i *: a i) = \sum_i c h i ^+ 2.
  by apply: eq_bigr => i _; rewrite dotZr -/(corr a h i) expr2.
set S := \sum_i _.
have -> : N h - 2%:R * S + S = N h - S by ring.
by rewrite subr_ge0.
Qed.

Lemma energy_ge0 w : 0 <= C w.
Proof. by apply: sumr_ge0 => i _; exact: sqr_ge0. Qed.

Lemma energy_le w : C w <= N w.
Proof.
apply: le_trans (bessel w); apply: ler_sum => i _; exact: phi_sqr_le.
Qed.

Lemma rest_ge0 w : 0 <= rest kind a w.
Proof. by rewrite /rest subr_ge0 energy_le. Qed.

(** ** Loss in closed form, gap, minima *)

Lemma sample_loss_closed i w :
  sample_loss kind a i w = 2%:R^-1 * (1 + (N w - 2%:R) * phi (c w i) ^+ 2).
Proof.
rewrite /sample_loss /model sqnormB sqnormZ dotZr (dotC (a i)) /sqnorm a_orth eqxx.
rewrite -/(sqnorm w) -/(corr a w i) /=.
have -> : 2%:R * (phi (c w i) * c w i) = 2%:R * phi (c w i) ^+ 2 by rewrite mulrC -phi_self; ring.
by ring.
Qed.

Hypothesis m0 : (0 < m)%N.
Let m_neq0 : m%:R != 0 :> R.
Proof. by rewrite pnatr_eq0 -lt0n. Qed.
Let m_gt0 : 0 < m%:R :> R.
Proof. by rewrite ltr0n. Qed.

Theorem loss_closed w : L w = 2%:R^-1 + (N w - 2%:R) * C w / (2%:R * m%:R).
Proof.
rewrite /loss (eq_bigr _ (fun i _ => sample_loss_closed i w)) -mulr_sumr big_split /=.
rewrite -mulr_sumr sumr_const card_ord -/(energy kind a w).
have -> : 1 *+ m = m%:R :> R by [].
by field.
Qed.

Theorem gap w : L w - min_loss R m =
  ((1 - C w) ^+ 2 + C w * rest kind a w) / (2%:R * m%:R).
Proof. by rewrite loss_closed /min_loss /rest; field. Qed.

Theorem global_minimum w : min_loss R m <= L w.
Proof.
rewrite -subr_ge0 gap; have R0 := rest_ge0 w; have C0 := energy_ge0 w.
by rewrite mulr_ge0 ?addr_ge0 ?sqr_ge0 ?mulr_ge0 // invr_ge0 mulr_ge0 // ler0n.
Qed.

(** Attained at every data point. *)
Theorem data_point_minimal i : L (a i) = min_loss R m.
Proof.
apply/eqP; rewrite -subr_eq0 gap; apply/eqP.
have N1 : N (a i) = 1 by rewrite /sqnorm a_orth eqxx.
have C1 : C (a i) = 1.
  rewrite /energy (bigD1 i) //= big1 ?addr0 => [|j ji].
    by rewrite /corr a_orth eqxx /phi; case: kind; rewrite ?ler01 expr1n.
  by rewrite /corr a_orth eq_sym (negbTE ji) /phi; case: kind; rewrite ?lexx expr0n.
by rewrite /rest N1 C1; ring.
Qed.

Lemma rest_sqnorm w : N (w - G w) = rest kind a w.
Proof.
rewrite sqnormB sqnorm_comb dot_sumr /rest /energy.
have -> : \sum_i dot w (phi (c w i) *: a i) = \sum_i phi (c w i) ^+ 2.
  by apply: eq_bigr => i _; rewrite dotZr mulrC -/(corr a w i) phi_self.
by ring.
Qed.

(** The minima are the unit vectors that are their own active part: linear, the unit vectors of
    the span; ReLU, the unit vectors that are combinations with no negative coefficient. *)
Theorem minima w : L w = min_loss R m <-> N w = 1 /\ w = G w.
Proof.
have R0 := rest_ge0 w; have C0 := energy_ge0 w.
have two_m : 2%:R * m%:R != 0 :> R by rewrite mulf_neq0 // pnatr_eq0.
split=> [/eqP|[N1 wG]].
  rewrite -subr_eq0 gap mulf_eq0 invr_eq0 (negbTE two_m) orbF.
  rewrite paddr_eq0 ?sqr_ge0 ?mulr_ge0 // sqrf_eq0 subr_eq0 => /andP[/eqP C1].
  rewrite -C1 mul1r => /eqP r0.
  split; first by move: r0; rewrite /rest -C1 => /eqP; rewrite subr_eq0 => /eqP.
  by apply/eqP; rewrite -subr_eq0 -sqnorm_eq0 rest_sqnorm r0.
have r0 : rest kind a w = 0 by rewrite -rest_sqnorm -wG subrr /sqnorm dot0l.
apply/eqP; rewrite -subr_eq0 gap r0.
have -> : C w = 1 by move: r0; rewrite /rest N1 => /eqP; rewrite subr_eq0 => /eqP <-.
by apply/eqP; ring.
Qed.

(** ** Gradient *)

(** The exact remainder of the energy lies between 0 and |h|^2. *)
Lemma energy_taylor w h : 0 <= C (w + h) - C w - 2%:R * dot (G w) h <= N h.
Proof.
have -> : C (w + h) - C w - 2%:R * dot (G w) h =
  \sum_i (phi (c w i + c h i) ^+ 2 - phi (c w i) ^+ 2 - 2%:R * phi (c w i) * c h i).
  rewrite dot_suml mulr_sumr /energy -!sumrB; apply: eq_bigr => i _.
  by rewrite dotZl corrD mulrA (dotC (a i)).
apply/andP; split.
  by apply: sumr_ge0 => i _; case/andP: (phi_sqr_taylor kind (c w i) (c h i)).
apply: le_trans (bessel h); apply: ler_sum => i _.
by case/andP: (phi_sqr_taylor kind (c w i) (c h i)).
Qed.

Lemma dot_gradient w h :
  dot (gradient kind a w) h = ((N w - 2%:R) * dot (G w) h + C w * dot w h) / m%:R.
Proof.
rewrite /gradient dotZl mulrC; congr (_ / _).
rewrite dot_suml /energy mulr_suml dot_suml mulr_sumr -big_split /=.
by apply: eq_bigr => i _; rewrite dotDl !dotZl mulrA.
Qed.

Lemma sqnorm_active w : N (G w) = C w.
Proof. exact: sqnorm_comb. Qed.

Lemma sqr_add2 (x y : R) : (x + y) ^+ 2 <= 2%:R * (x ^+ 2 + y ^+ 2).
Proof. by cert ((x - y) ^+ 2). Qed.

Lemma mul_le (x y x' y' : R) : 0 <= x -> 0 <= y -> x <= x' -> y <= y' -> x * y <= x' * y'.
Proof.
move=> x0 y0 xx yy; apply: (@le_trans _ _ (x * y')).
  by cert (x * (y' - y)).
by have y'0 := le_trans y0 yy; cert ((x' - x) * y').
Qed.

Lemma add_le (x y x' y' : R) : x <= x' -> y <= y' -> x + y <= x' + y'.
Proof. by move=> xx yy; cert ((x' - x) + (y' - y)). Qed.

Lemma sqr_le_of_abs (x y : R) : 0 <= x -> x <= y -> x ^+ 2 <= y ^+ 2.
Proof. by move=> x0 xy; rewrite !expr2 mul_le. Qed.

Lemma sqr_add4 (x y z t : R) :
  (x + y + z + t) ^+ 2 <= 4%:R * (x ^+ 2 + y ^+ 2 + z ^+ 2 + t ^+ 2).
Proof.
by cert ((x - y) ^+ 2 + (x - z) ^+ 2 + (x - t) ^+ 2 + (y - z) ^+ 2 + (y - t) ^+ 2 + (z - t) ^+ 2).
Qed.

(** What is at most K |h|^4 is little-o of |h|^2. *)
Lemma second_order (F : 'rV[R]_n -> R) (K e : R) : 0 < e -> 0 <= K ->
  (forall h, N h <= 1 -> F h <= K * N h ^+ 2) ->
  exists2 d, 0 < d & forall h, N h <= d -> F h <= e * N h.
Proof.
move=> e0 K0 F_le; have Ke : 0 < K + e by apply: lt_le_trans e0 _; cert K.
exists (e / (K + e)) => [|h hd]; first by rewrite divr_gt0.
have H0 := sqnorm_ge0 h.
have h1 : N h <= 1.
  apply: le_trans hd _; rewrite -subr_ge0.
  have -> : 1 - e / (K + e) = K / (K + e) by field; rewrite gt_eqF.
  by rewrite mulr_ge0 // invr_ge0 ltW.
have KH : K * N h <= e.
  apply: (@le_trans _ _ (K * (e / (K + e)))); first by cert (K * (e / (K + e) - N h)).
  rewrite -subr_ge0.
  have -> : e - K * (e / (K + e)) = e * e / (K + e) by field; rewrite gt_eqF.
  by rewrite mulr_ge0 ?mulr_ge0 ?invr_ge0 // ltW.
apply: le_trans (F_le h h1) _.
by cert (N h * (e - K * N h)).
Qed.

(** The gradient of the loss, for either activation, at every w: Frechet's derivative. *)
Theorem gradient_correct w : is_gradient L w (gradient kind a w).
Proof.
move=> e e0.
pose D h := C (w + h) - C w - 2%:R * dot (G w) h.
have D0 h : 0 <= D h by case/andP: (energy_taylor w h).
have D1 h : D h <= N h by case/andP: (energy_taylor w h).
have expand h : L (w + h) - L w - dot (gradient kind a w) h =
  (2%:R * m%:R)^-1 *
  ((N w + 2%:R * dot w h + N h - 2%:R) * D h + C w * N h
   + 4%:R * (dot w h * dot (G w) h) + 2%:R * (N h * dot (G w) h)).
  by rewrite !loss_closed dot_gradient sqnormD /D; field.
have N0 := sqnorm_ge0 w; have C0 := energy_ge0 w.
pose K : R := 4%:R * (2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) + C w ^+ 2
  + 16%:R * (N w * C w) + 4%:R * C w).
apply: (@second_order _ K e e0) => [|h h1]; first by rewrite /K; positive.
rewrite expand; have H0 := sqnorm_ge0 h.
set p := dot w h; set q := dot (G w) h; set H := N h.
have pp : p ^+ 2 <= N w * H := dot_sqr_le w h.
have qq : q ^+ 2 <= C w * H by rewrite -sqnorm_active; exact: dot_sqr_le.
have DD : D h ^+ 2 <= H ^+ 2 by apply: (sqr_le_of_abs (D0 h) (D1 h)).
have h4 : H <= 4%:R by apply: le_trans h1 _; rewrite ler1n.
have HH : H ^+ 2 <= H by cert (H * (1 - H)).
have b1 : ((N w + 2%:R * p + H - 2%:R) * D h) ^+ 2 <=
    2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) * H ^+ 2.
  rewrite exprMn; apply: mul_le DD; rewrite ?sqr_ge0 //.
  have -> : N w + 2%:R * p + H - 2%:R = (N w + H - 2%:R) + 2%:R * p by ring.
  apply: le_trans (sqr_add2 _ _) _; apply: mul_le => //; try by positive.
  apply: add_le; first by cert (2%:R * N w * (4%:R - H) + (4%:R - H) * H).
  have -> : (2%:R * p) ^+ 2 = 4%:R * p ^+ 2 by ring.
  apply: mul_le => //; try by positive.
  by apply: le_trans pp _; cert (N w * (1 - H)).
have b2 : (C w * H) ^+ 2 <= C w ^+ 2 * H ^+ 2 by rewrite exprMn.
have b3 : (4%:R * (p * q)) ^+ 2 <= 16%:R * (N w * C w) * H ^+ 2.
  have -> : (4%:R * (p * q)) ^+ 2 = 16%:R * (p ^+ 2 * q ^+ 2) by ring.
  have -> : 16%:R * (N w * C w) * H ^+ 2 = 16%:R * ((N w * H) * (C w * H)) by ring.
  apply: mul_le => //; try by positive.
  by apply: mul_le => //; positive.
have b4 : (2%:R * (H * q)) ^+ 2 <= 4%:R * C w * H ^+ 2.
  have -> : (2%:R * (H * q)) ^+ 2 = 4%:R * (q ^+ 2 * H ^+ 2) by ring.
  have -> : 4%:R * C w * H ^+ 2 = 4%:R * ((C w * H ^+ 2)) by ring.
  apply: mul_le => //; try by positive.
  apply: (@le_trans _ _ (C w * H * H ^+ 2)).
    by apply: mul_le => //; positive.
  by cert (C w * H ^+ 2 * (1 - H)).
apply: (@le_trans _ _ (((N w + 2%:R * p + H - 2%:R) * D h + C w * H + 4%:R * (p * q)
   + 2%:R * (H * q)) ^+ 2)).
  have two_m1 : 1 <= (2%:R * m%:R) :> R by rewrite -natrM ler1n muln_gt0.
  have i0 : 0 <= (2%:R * m%:R)^-1 :> R by rewrite invr_ge0 mulr_ge0 // ler0n.
  have i1 : (2%:R * m%:R)^-1 <= 1 :> R by rewrite invf_le1 // (lt_le_trans ltr01).
  have i2 : (2%:R * m%:R)^-1 ^+ 2 <= 1 :> R by have := sqr_le_of_abs i0 i1; rewrite expr1n.
  rewrite exprMn -[X in _ <= X]mul1r; apply: mul_le => //; exact: sqr_ge0.
apply: le_trans (sqr_add4 _ _ _ _) _.
have -> : K * H ^+ 2 = 4%:R * (2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) * H ^+ 2
  + C w ^+ 2 * H ^+ 2 + 16%:R * (N w * C w) * H ^+ 2 + 4%:R * C w * H ^+ 2) by rewrite /K; ring.
apply: mul_le => //; try by positive.
by do !apply: add_le.
Qed.
End Landscape.

(** * Linear neuron: Hessian and its trace *)
Section Hessian.
Variables (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation C := (energy Linear a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss Linear a).
Local Notation proj := (active_part Linear a).          (* P w *)
Local Notation outer := (@outer R n).
Local Notation projector := (@projector R m n a).
Local Notation hessian := (@hessian R m n a).

Let mul_outer h u v : h *m outer u v = dot h u *: v.
Proof.
rewrite /outer mulmxA; apply/rowP => k; rewrite !mxE big_ord1; congr (_ * _).
by rewrite mxE; apply: eq_bigr => j _; rewrite mxE.
Qed.

Let tr_outer u v : \tr (outer u v) = dot u v.
Proof.
rewrite /mxtrace /outer /dot; apply: eq_bigr => k _.
by rewrite mxE big_ord1 !mxE.
Qed.

Theorem hessian_trace w : \tr (hessian w) =
  ((N w - 2%:R) * m%:R + 4%:R * C w + C w * n%:R) / m%:R.
Proof.
rewrite /hessian mxtraceZ !mxtraceD !mxtraceZ mxtraceD !tr_outer mxtrace1.
rewrite raddf_sum /= (eq_bigr (fun _ => 1)); last first.
  by move=> i _; rewrite tr_outer a_orth eqxx.
rewrite sumr_const card_ord.
have wP : dot (proj w) w = C w.
  rewrite dot_suml /energy; apply: eq_bigr => i _.
  by rewrite dotZl (dotC (a i)) -/(corr a w i) mulrC phi_self.
rewrite (dotC w) wP mulrC; congr (_ / _).
by ring.
Qed.

(** Every minimum of the linear model has Hessian trace (n + 4 - m)/m. *)
Theorem hessian_trace_at_minima w : L w = min_loss R m ->
  \tr (hessian w) = (n%:R + 4%:R - m%:R) / m%:R.
Proof.
move=> /(minima Linear a_orth m0 w) [N1 wP]; rewrite hessian_trace N1.
have -> : C w = 1 by rewrite -(sqnorm_active Linear a_orth) -wP.
by congr (_ / _); ring.
Qed.

Lemma gradient_linear w : gradient Linear a w = m%:R^-1 *: ((N w - 2%:R) *: proj w + C w *: w).
Proof.
rewrite /gradient; congr (_ *: _); rewrite big_split /=; congr (_ + _).
  by rewrite /active_part scaler_sumr; apply: eq_bigr => i _; rewrite scalerA.
by rewrite /energy scaler_suml.
Qed.

Lemma projD w h : proj (w + h) = proj w + proj h.
Proof.
rewrite /active_part -big_split /=; apply: eq_bigr => i _.
by rewrite /phi /corr dotDl scalerDl.
Qed.

Lemma mul_projector h : h *m projector = proj h.
Proof.
rewrite /projector mulmx_sumr /active_part; apply: eq_bigr => i _.
by rewrite mul_outer.
Qed.

Let proj_dot w h : dot h (proj w) = dot (proj w) (proj h).
Proof.
rewrite (dot_suml _ (fun i => phi Linear (corr a w i) *: a i)) dot_sumr; apply: eq_bigr => i _.
by rewrite dotZl dotZr (dotC (a i)) (dot_comb a_orth).
Qed.

Let sqnorm_add2 (x y : 'rV[R]_n) : N (x + y) <= 2%:R * (N x + N y).
Proof.
rewrite -subr_ge0 sqnormD.
have -> : 2%:R * (N x + N y) - (N x + 2%:R * dot x y + N y) = N x - 2%:R * dot x y + N y by ring.
by rewrite -sqnormB sqnorm_ge0.
Qed.

Let sqnorm_add4 (x y z t : 'rV[R]_n) : N (x + y + z + t) <= 4%:R * (N x + N y + N z + N t).
Proof.
rewrite -(addrA _ z); apply: le_trans (sqnorm_add2 _ _) _.
have -> : 4%:R * (N x + N y + N z + N t) = 2%:R * (2%:R * (N x + N y) + 2%:R * (N z + N t)) by ring.
by apply: mul_le; rewrite ?ler0n //; [apply: addr_ge0; exact: sqnorm_ge0 | exact: add_le].
Qed.

Theorem hessian_correct w : is_derivative (gradient Linear a) w (hessian w).
Proof.
move=> e e0.
have N0 := sqnorm_ge0 w; have C0 := energy_ge0 Linear a w.
pose K : R := 4%:R * (C w + 2%:R * (4%:R * N w + 1) + N w + 2%:R * (4%:R * C w + 1)).
apply: (@second_order _ _ _ K e e0) => [|h h1]; first by rewrite /K; positive.
have H0 := sqnorm_ge0 h; set H := N h.
pose p := dot w h; pose q := dot (proj w) h.
have P0 := energy_ge0 Linear a h; have P1 : C h <= H := energy_le Linear a_orth h.
have pp : p ^+ 2 <= N w * H := dot_sqr_le w h.
have qq : q ^+ 2 <= C w * H by rewrite -(sqnorm_active Linear a_orth); exact: dot_sqr_le.
have HH : H ^+ 2 <= H by cert (H * (1 - H)).
have CD : C (w + h) = C w + 2%:R * q + C h.
  rewrite -!(sqnorm_active Linear a_orth) projD sqnormD; congr (_ + _ * _ + _).
  by rewrite -proj_dot /q dotC.
have -> : gradient Linear a (w + h) - gradient Linear a w - h *m hessian w = m%:R^-1 *:
    (H *: proj w + (2%:R * p + H) *: proj h + C h *: w + (2%:R * q + C h) *: h).
  rewrite !gradient_linear /hessian -scalemxAr !mulmxDr -!scalemxAr mul_projector mulmxDr !mul_outer
    mulmx1 projD CD sqnormD -/p -/H (dotC h w) -/p (dotC h) -/q -!scalerBr; congr (_ *: _).
  by apply/rowP => k; rewrite !mxE; move: (proj w 0 k) (proj h 0 k) (w 0 k) (h 0 k) => x y u v; ring.
rewrite sqnormZ.
have i0 : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ler0n.
have i1 : m%:R^-1 <= 1 :> R by rewrite invf_le1 ?ltr0n // ler1n.
have i2 : m%:R^-1 ^+ 2 <= 1 :> R by have := sqr_le_of_abs i0 i1; rewrite expr1n.
rewrite -[X in _ <= X]mul1r; apply: mul_le => //; first exact: sqr_ge0.
  exact: sqnorm_ge0.
apply: le_trans (sqnorm_add4 _ _ _ _) _; rewrite !sqnormZ !(sqnorm_active Linear a_orth) -/H.
have lin (x B : R) : 0 <= B -> x ^+ 2 <= B * H -> forall y, 0 <= y -> y <= H ->
    (2%:R * x + y) ^+ 2 <= 2%:R * (4%:R * B + 1) * H.
  move=> B0 xx y y0 yH; apply: le_trans (sqr_add2 _ _) _.
  have yy : y ^+ 2 <= H by apply: le_trans HH; apply: sqr_le_of_abs.
  by cert (2%:R * (4%:R * (B * H - x ^+ 2) + (H - y ^+ 2))).
have -> : K * H ^+ 2 = 4%:R * (H ^+ 2 * C w + 2%:R * (4%:R * N w + 1) * H * H + H ^+ 2 * N w +
   2%:R * (4%:R * C w + 1) * H * H) by rewrite /K; ring.
apply: mul_le => //; try by positive.
apply: add_le; first apply: add_le; first apply: add_le => //.
- by apply: mul_le => //; [exact: sqr_ge0 | exact: (lin _ _ N0 pp)].
- by apply: mul_le => //; [exact: sqr_ge0 | exact: sqr_le_of_abs].
by apply: mul_le => //; [exact: sqr_ge0 | exact: (lin _ _ C0 qq)].
Qed.
End Hessian.
