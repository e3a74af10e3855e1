(** The gradient field has a one-sided derivative at every w; the proof of [HessianKinks]' idea:
    close to w the active part is affine on each side of the kinks, so what remains of the gradient
    after the one-sided Hessian is at most K |h|^2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape HessianSpectrum HessianKinks Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma sqnorm_add2 (R : realFieldType) n (x y : 'rV[R]_n) :
  sqnorm (x + y) <= 2%:R * (sqnorm x + sqnorm y).
Proof.
rewrite -subr_ge0 sqnormD; have := sqnorm_ge0 (x - y); rewrite sqnormB.
by move: (sqnorm x) (sqnorm y) (dot x y) => X Y d h; cert (X - 2%:R * d + Y).
Qed.

Lemma sqnorm_add4 (R : realFieldType) n (x y z t : 'rV[R]_n) :
  sqnorm (x + y + z + t) <= 4%:R * (sqnorm x + sqnorm y + sqnorm z + sqnorm t).
Proof.
rewrite -(addrA _ z); apply: le_trans (sqnorm_add2 _ _) _.
have := sqnorm_add2 x y; have := sqnorm_add2 z t.
move: (sqnorm (x + y)) (sqnorm (z + t)) => S T h1 h2.
move: h1 h2; move: (sqnorm x) (sqnorm y) (sqnorm z) (sqnorm t) => X Y Z W h1 h2.
by cert (2%:R * (2%:R * (X + Y) - S) + 2%:R * (2%:R * (Z + W) - T)).
Qed.

Section OneSided.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Variable w : 'rV[R]_n.

(** The slope on the side of h, and the derivative of the active part towards h. *)
Definition side h i : R := curvature kind (if 0 < c h i then 1 else 0) (c w i).
Definition turn h : 'rV[R]_n := \sum_i (side h i * c h i) *: a i.

Lemma side_01 h i : side h i = 1 \/ side h i = 0.
Proof.
rewrite /side /curvature; case: kind; first by left.
by case: ifP => _; case: ifP => _; [left | right | left | right].
Qed.

Lemma phi_side h i : phi (c w i) * side h i = phi (c w i).
Proof.
rewrite /side /curvature /Definitions.phi; case: kind; first by rewrite mulr1.
by case: (ltrgtP 0 (c w i)); rewrite ?mulr1 ?mul0r // => <-; rewrite mul0r.
Qed.

Lemma corr_sqr_le h i : c h i ^+ 2 <= N h.
Proof. by have := dot_sqr_le h (a i); rewrite [sqnorm (a i)]a_orth eqxx mulr1. Qed.

(** Close to w nothing crosses 0, and the active part is affine on each side. *)
Lemma phi_near : exists2 d, 0 < d &
  forall h, N h <= d -> forall i, phi (c (w + h) i) = phi (c w i) + side h i * c h i.
Proof.
have F0 i : c w i != 0 -> 0 < c w i ^+ 2 / 2%:R.
  by move=> ci; rewrite divr_gt0 ?ltr0n // exprn_even_gt0.
have [d d0 dF] := common_bound F0; exists d => // h hd i; rewrite corrD /side.
have [ci|ci] := eqVneq (c w i) 0; first by rewrite ci add0r phi_kink /Definitions.phi lexx; case: kind;
  rewrite add0r.
apply: phi_slope; left; rewrite ltNge; apply/negP => big.
have := sqr_le_of_abs (normr_ge0 _) big.
rewrite -!normrX !ger0_norm ?sqr_ge0 // leNgt => /negP; apply.
apply: (@le_lt_trans _ _ (c w i ^+ 2 / 2%:R)).
  exact: le_trans (corr_sqr_le h i) (le_trans hd (dF i ci)).
have p : 0 < c w i ^+ 2 by rewrite exprn_even_gt0.
rewrite -subr_gt0; have -> : c w i ^+ 2 - c w i ^+ 2 / 2%:R = c w i ^+ 2 / 2%:R by field.
by rewrite divr_gt0 ?ltr0n.
Qed.

Lemma active_near h : (forall i, phi (c (w + h) i) = phi (c w i) + side h i * c h i) ->
  G (w + h) = G w + turn h.
Proof.
by move=> E; rewrite /active_part /turn -big_split; apply: eq_bigr => i _; rewrite E scalerDl.
Qed.

Lemma sqnorm_turn h : N (turn h) <= N h.
Proof.
rewrite /turn (sqnorm_comb a_orth); apply: le_trans (bessel a_orth h).
apply: ler_sum => i _.
by case: (side_01 h i) => ->; rewrite ?mul1r ?lexx // mul0r expr0n sqr_ge0.
Qed.

Lemma dot_active_turn h : dot (G w) (turn h) = dot (G w) h.
Proof.
rewrite dot_sumr dot_suml; apply: eq_bigr => i _.
rewrite dotZl dotZr (dot_comb a_orth (fun i => phi (c w i))) (dotC (a i)) -/(c h i).
by rewrite mulrAC (mulrC (side h i)) phi_side.
Qed.

Lemma gradient_closed v : gradient kind a v = m%:R^-1 *: ((N v - 2%:R) *: G v + C v *: v).
Proof.
rewrite /gradient; congr (_ *: _); rewrite big_split /=; congr (_ + _).
  by rewrite /active_part scaler_sumr; apply: eq_bigr => i _; rewrite scalerA.
by rewrite /energy scaler_suml.
Qed.

Lemma inv_nat_sqr_le1 : m%:R^-1 ^+ 2 <= 1 :> R.
Proof.
have i0 : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ler0n.
suff i1 : m%:R^-1 <= 1 :> R by have := sqr_le_of_abs i0 i1; rewrite expr1n.
by case: m => [|j]; rewrite ?invr0 ?ler01 // invf_le1 ?ltr0n // ler1n.
Qed.

(** The gradient field has a one-sided derivative, uniformly in the direction. *)
Theorem one_sided e : 0 < e -> exists2 d, 0 < d & forall h, N h <= d ->
  N (gradient kind a (w + h) - gradient kind a w - h *m hessian_towards kind a w h) <= e * N h.
Proof.
move=> e0; have [d0 d0_gt0 near] := phi_near.
have N0 := sqnorm_ge0 w; have C0 := energy_ge0 kind a w.
pose K : R := 4%:R * (C w + 2%:R * (4%:R * N w + 1) + N w + 2%:R * (4%:R * C w + 1)).
pose F h := if N h <= d0
  then N (gradient kind a (w + h) - gradient kind a w - h *m hessian_towards kind a w h) else 0.
suff bound h : N h <= 1 -> F h <= K * N h ^+ 2.
  have K0 : 0 <= K by rewrite /K; positive.
  have [d d_gt0 small] := second_order e0 K0 bound.
  exists (if d <= d0 then d else d0) => [|h hd]; first by case: ifP.
  have := small h; rewrite /F; case: ifP hd => dd hd.
    by rewrite (le_trans hd dd); exact.
  by rewrite hd; apply; apply: le_trans hd _; rewrite ltW // ltNge dd.
move=> h1; rewrite /F; case: ifP => [hd|_]; last first.
  by rewrite mulr_ge0 ?sqr_ge0 // /K; positive.
have GD := active_near (near h hd); have H0 := sqnorm_ge0 h.
have P0 := sqnorm_ge0 (turn h); have P1 := sqnorm_turn h.
pose p := dot w h; pose q := dot (G w) h.
have pp : p ^+ 2 <= N w * N h := dot_sqr_le w h.
have qq : q ^+ 2 <= C w * N h by rewrite -(sqnorm_active kind a_orth); exact: dot_sqr_le.
have CD : C (w + h) = C w + 2%:R * q + N (turn h).
  by rewrite -!(sqnorm_active kind a_orth) GD sqnormD dot_active_turn.
have -> : gradient kind a (w + h) - gradient kind a w - h *m hessian_towards kind a w h =
    m%:R^-1 *: (N h *: G w + (2%:R * p + N h) *: turn h + N (turn h) *: w
                + (2%:R * q + N (turn h)) *: h).
  rewrite !gradient_closed /hessian_towards mul_weighted -/(turn h) GD CD sqnormD -/p.
  rewrite (dotC h w) -/p (dotC h) -/q -!scalerBr; congr (_ *: _).
  move: (N w) (N h) (N (turn h)) (C w) (p) (q) => Nw Nh Nt Cw p' q'.
  apply/rowP => k; rewrite !mxE.
  by move: (G w 0 k) (turn h 0 k) (w 0 k) (h 0 k) => x y u v; ring.
rewrite sqnormZ -[X in _ <= X]mul1r.
apply: mul_le; rewrite ?sqr_ge0 ?sqnorm_ge0 ?inv_nat_sqr_le1 //.
apply: le_trans (sqnorm_add4 _ _ _ _) _; rewrite !sqnormZ (sqnorm_active kind a_orth).
move: pp qq H0 h1 P0 P1; rewrite /K {K F near GD CD hd}.
move: (N (turn h)) (N h) (N w) (C w) p q N0 C0 => P H Nw Cw p q N0 C0 pp qq H0 h1 P0 P1.
have HH : H ^+ 2 <= H by cert (H * (1 - H)).
have lin (x B : R) : 0 <= B -> x ^+ 2 <= B * H -> forall y, 0 <= y -> y <= H ->
    (2%:R * x + y) ^+ 2 <= 2%:R * (4%:R * B + 1) * H.
  move=> B0 xx y y0 yH; apply: le_trans (sqr_add2 _ _) _.
  have yy : y ^+ 2 <= H by apply: le_trans HH; apply: sqr_le_of_abs.
  by cert (2%:R * (4%:R * (B * H - x ^+ 2) + (H - y ^+ 2))).
have -> : 4%:R * (Cw + 2%:R * (4%:R * Nw + 1) + Nw + 2%:R * (4%:R * Cw + 1)) * H ^+ 2 =
  4%:R * (H ^+ 2 * Cw + 2%:R * (4%:R * Nw + 1) * H * H + H ^+ 2 * Nw +
   2%:R * (4%:R * Cw + 1) * H * H) by ring.
apply: mul_le => //; try by positive.
apply: add_le; first apply: add_le; first apply: add_le => //.
- by apply: mul_le => //; [exact: sqr_ge0 | exact: (lin _ _ N0 pp)].
- by apply: mul_le => //; [exact: sqr_ge0 | exact: sqr_le_of_abs].
by apply: mul_le => //; [exact: sqr_ge0 | exact: (lin _ _ C0 qq)].
Qed.
End OneSided.
