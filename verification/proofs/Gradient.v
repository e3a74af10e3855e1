(** The gradients, for any data. With P = phi(<w, a>)^2, N = |w|^2, H = |h|^2, p = <w, h>,
    q = <a, h> and the remainder d = P(w + h) - P(w) - 2 phi(<w, a>) q, 0 <= d <= |a|^2 H
    ([phi_sqr_taylor]), the loss of a sample differs from its linear part by
    ((N + 2p + H - 2) d + P H + 4 phi p q + 2 phi q H) / 2, whose square is at most K H^2 for
    H <= 1. Gradients add up. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sum.
Variables (R : realFieldType) (n : nat).
Implicit Types (F G : 'rV[R]_n -> R) (w g h : 'rV[R]_n).

Lemma is_gradient_ext F G w g : (forall v, F v = G v) -> is_gradient F w g -> is_gradient G w g.
Proof. by move=> FG Fg e /Fg[d d0 h]; exists d => // u; rewrite -!FG; exact: h. Qed.

Lemma gradient_const (c : R) w : is_gradient (fun _ => c) w 0.
Proof.
move=> e e0; exists 1 => [|h _]; first exact: ltr01.
by rewrite dot0l subrr subr0 expr0n mulr_ge0 ?sqnorm_ge0 // ltW.
Qed.

Lemma gradient_add F G w f g : is_gradient F w f -> is_gradient G w g ->
  is_gradient (fun v => F v + G v) w (f + g).
Proof.
move=> Ff Gg e e0; have e4 : 0 < e / 4%:R by rewrite divr_gt0 ?ltr0n.
have [d1 d10 h1] := Ff _ e4; have [d2 d20 h2] := Gg _ e4.
have [d [d0 dd1 dd2]] : exists d, [/\ 0 < d, d <= d1 & d <= d2].
  by case: (lerP d1 d2) => [|/ltW] dd; [exists d1 | exists d2]; split; rewrite ?lexx.
exists d => // h hd; rewrite dotDl.
have := h1 h (le_trans hd dd1); have := h2 h (le_trans hd dd2).
have -> : F (w + h) + G (w + h) - (F w + G w) - (dot f h + dot g h) =
  (F (w + h) - F w - dot f h) + (G (w + h) - G w - dot g h) by ring.
move: (F (w + h) - F w - dot f h) (G (w + h) - G w - dot g h) (sqnorm h) => x y H hy hx.
apply: le_trans (sqr_add2 x y) _.
by cert (2%:R * (e / 4%:R * H - x ^+ 2) + 2%:R * (e / 4%:R * H - y ^+ 2)).
Qed.

Lemma gradient_scale (k : R) F w g : is_gradient F w g ->
  is_gradient (fun v => k * F v) w (k *: g).
Proof.
move=> Fg e e0; have k1 : 0 < k ^+ 2 + 1.
  by apply: (lt_le_trans ltr01); rewrite -subr_ge0 addrK sqr_ge0.
have [d d0 h1] := Fg _ (divr_gt0 e0 k1); exists d => // h hd; rewrite dotZl.
have -> : k * F (w + h) - k * F w - k * dot g h = k * (F (w + h) - F w - dot g h) by ring.
have := h1 h hd; move: (F _ - _ - _) (sqnorm_ge0 h) => x; move: (sqnorm h) => H H0 le.
rewrite exprMn; apply: (@le_trans _ _ (k ^+ 2 * (e / (k ^+ 2 + 1) * H))).
  by apply: mul_le; rewrite ?sqr_ge0 ?lexx.
rewrite -subr_ge0; have -> : e * H - k ^+ 2 * (e / (k ^+ 2 + 1) * H) = e * H / (k ^+ 2 + 1).
  by field; rewrite gt_eqF.
by rewrite divr_ge0 ?mulr_ge0 // ltW.
Qed.

Lemma gradient_sum (I : Type) (r : seq I) (F : I -> 'rV[R]_n -> R) (g : I -> 'rV[R]_n) w :
  (forall i, is_gradient (F i) w (g i)) ->
  is_gradient (fun v => \sum_(i <- r) F i v) w (\sum_(i <- r) g i).
Proof.
move=> Fg; elim: r => [|i r IH].
  rewrite big_nil; apply: (is_gradient_ext _ (gradient_const 0 w)) => v; by rewrite big_nil.
rewrite big_cons; apply: (is_gradient_ext _ (gradient_add (Fg i) IH)) => v; by rewrite big_cons.
Qed.
End Sum.

Section Gradient.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Local Notation phi := (@phi R kind).
Local Notation N := (@sqnorm R n).

Lemma sample_loss_any i w :
  sample_loss kind a i w = 2%:R^-1 * (N (a i) + (N w - 2%:R) * phi (corr a w i) ^+ 2).
Proof.
rewrite /sample_loss /model sqnormB sqnormZ dotZr (dotC (a i)) -/(corr a w i).
have -> : 2%:R * (phi (corr a w i) * corr a w i) = 2%:R * phi (corr a w i) ^+ 2.
  by rewrite mulrC -phi_self; ring.
by ring.
Qed.

Theorem sample_gradient_is i w :
  is_gradient (sample_loss kind a i) w (sample_gradient kind a i w).
Proof.
move=> e e0; set f := phi (corr a w i); set A := N (a i).
pose D h := phi (corr a (w + h) i) ^+ 2 - f ^+ 2 - 2%:R * f * corr a h i.
have cD h : corr a (w + h) i = corr a w i + corr a h i by rewrite /corr dotDl.
have D0 h : 0 <= D h.
  by rewrite /D cD; case/andP: (phi_sqr_taylor kind (corr a w i) (corr a h i)).
have D1 h : D h <= A * N h.
  apply: (@le_trans _ _ (corr a h i ^+ 2)); last by rewrite mulrC; exact: dot_sqr_le.
  by rewrite /D cD; case/andP: (phi_sqr_taylor kind (corr a w i) (corr a h i)).
have expand h : sample_loss kind a i (w + h) - sample_loss kind a i w
    - dot (sample_gradient kind a i w) h = 2%:R^-1 *
  ((N w + 2%:R * dot w h + N h - 2%:R) * D h + f ^+ 2 * N h
   + 4%:R * (dot w h * (f * corr a h i)) + 2%:R * (N h * (f * corr a h i))).
  rewrite !sample_loss_any /sample_gradient dotDl !dotZl (dotC (a i)) -/(corr a h i) sqnormD.
  have -> : phi (corr a (w + h) i) ^+ 2 = D h + f ^+ 2 + 2%:R * f * corr a h i.
    by rewrite /D; ring.
  by rewrite -/f; field.
have N0 := sqnorm_ge0 w; have A0 : 0 <= A := sqnorm_ge0 (a i).
have f0 : 0 <= f ^+ 2 := sqr_ge0 f.
pose K : R := 2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) * A ^+ 2 + (f ^+ 2) ^+ 2
  + 16%:R * (N w * (f ^+ 2 * A)) + 4%:R * (f ^+ 2 * A).
apply: (@second_order _ _ _ K e e0) => [|h h1]; first by rewrite /K; positive.
rewrite expand; have H0 := sqnorm_ge0 h.
set p := dot w h; set q := f * corr a h i; set H := N h.
have pp : p ^+ 2 <= N w * H := dot_sqr_le w h.
have qq : q ^+ 2 <= f ^+ 2 * A * H.
  rewrite /q exprMn -mulrA; apply: mul_le; rewrite ?sqr_ge0 ?lexx //.
  by rewrite mulrC; exact: dot_sqr_le.
have DD : D h ^+ 2 <= (A * H) ^+ 2 by apply: (sqr_le_of_abs (D0 h) (D1 h)).
have b1 : ((N w + 2%:R * p + H - 2%:R) * D h) ^+ 2 <=
    2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) * (A * H) ^+ 2.
  rewrite exprMn; apply: mul_le DD; rewrite ?sqr_ge0 //.
  have -> : N w + 2%:R * p + H - 2%:R = (N w + H - 2%:R) + 2%:R * p by ring.
  have h4 : H <= 4%:R by apply: le_trans h1 _; rewrite ler1n.
  apply: le_trans (sqr_add2 _ _) _; apply: mul_le => //; try by positive.
  apply: add_le; first by cert (2%:R * N w * (4%:R - H) + (4%:R - H) * H).
  have -> : (2%:R * p) ^+ 2 = 4%:R * p ^+ 2 by ring.
  apply: mul_le => //; try by positive.
  by apply: le_trans pp _; cert (N w * (1 - H)).
have b3 : (4%:R * (p * q)) ^+ 2 <= 16%:R * (N w * (f ^+ 2 * A)) * H ^+ 2.
  have -> : (4%:R * (p * q)) ^+ 2 = 16%:R * (p ^+ 2 * q ^+ 2) by ring.
  have -> : 16%:R * (N w * (f ^+ 2 * A)) * H ^+ 2 = 16%:R * ((N w * H) * (f ^+ 2 * A * H)) by ring.
  apply: mul_le => //; try by positive.
  by apply: mul_le => //; positive.
have b4 : (2%:R * (H * q)) ^+ 2 <= 4%:R * (f ^+ 2 * A) * H ^+ 2.
  have -> : (2%:R * (H * q)) ^+ 2 = 4%:R * H ^+ 2 * q ^+ 2 by ring.
  have -> : 4%:R * (f ^+ 2 * A) * H ^+ 2 = 4%:R * H ^+ 2 * (f ^+ 2 * A) by ring.
  apply: mul_le; rewrite ?lexx //; try by positive.
  by apply: le_trans qq _; cert (f ^+ 2 * A * (1 - H)).
rewrite exprMn.
have -> : K * H ^+ 2 = 2%:R^-1 ^+ 2 *
  (4%:R * (2%:R * ((N w + 2%:R) ^+ 2 + 4%:R * N w) * (A * H) ^+ 2 + (f ^+ 2 * H) ^+ 2 + 16%:R * (N w * (f ^+ 2 * A)) * H ^+ 2 + 4%:R * (f ^+ 2 * A) * H ^+ 2)).
  by rewrite /K; field.
apply: mul_le; rewrite ?sqr_ge0 ?lexx //.
apply: le_trans (sqr_add4 _ _ _ _) _; apply: mul_le; rewrite ?ler0n ?lexx //.
  by rewrite !addr_ge0 ?sqr_ge0.
by do !apply: add_le; rewrite ?lexx.
Qed.

Theorem gradient_is w : is_gradient (loss kind a) w (gradient kind a w).
Proof. exact: (gradient_scale _ (gradient_sum _ (fun i => sample_gradient_is i w))). Qed.
End Gradient.
