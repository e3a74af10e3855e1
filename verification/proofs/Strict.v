(** Strict extrema, and bad minima. Where no point is active, the same holds on the ray (1 - s) w,
    so only w = 0 could be strict; at w = 0 a vector orthogonal to all a_i (linear, m < n) or -a_i
    (ReLU) has the same loss. With two points or more a global minimum can be rotated a little in
    the plane of two of them, without a root: cos = (1 - t^2)/(1 + t^2), sin = 2t/(1 + t^2). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Extrema Critical Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The span: m <= n, and m < n exactly if some vector but 0 is orthogonal to it *)
Section Span.
Variables (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Let A := \matrix_i a i.

Lemma row_dot w i : (w *m A^T) 0 i = corr a w i.
Proof. by rewrite mxE; apply: eq_bigr => k _; rewrite !mxE. Qed.

Lemma rows_orth : A *m A^T = 1%:M.
Proof. by apply/matrixP => i j; rewrite !mxE -a_orth; apply: eq_bigr => k _; rewrite !mxE. Qed.

Lemma points_le_dim : (m <= n)%N.
Proof. exact: mulmx1_min rows_orth. Qed.

Lemma orthogonal_vector : (m < n)%N -> exists2 u, u != 0 & forall i, corr a u i = 0.
Proof.
move=> mn; have k0 : kermx A^T != 0.
  rewrite -mxrank_eq0 mxrank_ker subn_eq0 -ltnNge; exact: leq_ltn_trans (rank_leq_col _) mn.
case/rowV0Pn: k0 => u /sub_kermxP u0 un; exists u => // i.
by rewrite -row_dot u0 mxE.
Qed.
End Span.

Lemma basis_zero (R : realFieldType) (m : nat) (a : 'I_m -> 'rV[R]_m) w : orthonormal a ->
  (forall i, corr a w i = 0) -> w = 0.
Proof.
move=> orth z; have AA := mulmx1C (rows_orth orth).
rewrite -[w]mulmx1 -AA mulmxA; have -> : w *m (\matrix_i a i)^T = 0.
  by apply/rowP => i; rewrite row_dot z mxE.
by rewrite mul0mx.
Qed.

Section Strict.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Local Notation G := (active_part kind a).
Local Notation quiet := (silent kind a).
Implicit Types (w h u : 'rV[R]_n).
Let i0 : 'I_m := Ordinal m0.

Lemma strict_min F w : strict_local_min F w -> local_min (F : 'rV[R]_n -> R) w.
Proof.
case=> d d0 h; exists d => // u ud; have [->|u0] := eqVneq u 0; first by rewrite addr0 lexx.
exact: ltW (h u u0 ud).
Qed.

Lemma strict_max F w : strict_local_max F w -> local_max (F : 'rV[R]_n -> R) w.
Proof.
case=> d d0 h; exists d => // u ud; have [->|u0] := eqVneq u 0; first by rewrite addr0 lexx.
exact: ltW (h u u0 ud).
Qed.

(** A direction in which the value does not change: no strict extremum. *)
Lemma same_value w u : u != 0 -> (forall t, 0 < t -> t <= 1 -> L (w + t *: u) = L w) ->
  ~ strict_local_min L w /\ ~ strict_local_max L w.
Proof.
move=> u0 same; split=> -[d d0 h]; have [t [t0 t1 tu]] := small_multiple u d0;
  have tu0 : t *: u != 0 by [rewrite scaler_eq0 negb_or u0 gt_eqF];
  by have := h _ tu0 tu; rewrite same // ltxx.
Qed.

Lemma silent_not_strict w : quiet w -> w != 0 -> ~ strict_local_min L w /\ ~ strict_local_max L w.
Proof.
move=> q w0; apply: (@same_value w (- w)) => [|t t0 t1]; first by rewrite oppr_eq0.
rewrite !(loss_silent a_orth m0) // => i; have -> : w + t *: - w = (1 - t) *: w.
  by rewrite scalerN scalerBl scale1r.
apply/phi_silent; rewrite /corr dotZl phi_hom ?subr_ge0 // -/(corr a w i).
by rewrite (phi_silent kind (c w i)).2 ?mulr0 //; exact: q.
Qed.

(** ** Two points or more: a minimum is not isolated *)
Lemma minimum_not_strict w : (1 < m)%N -> L w = min_loss R m -> ~ strict_local_min L w.
Proof.
move=> m1 Lw [d d0 strict]; have [N1 wG] := (minima kind a_orth m0 w).1 Lw.
pose f i := phi (c w i); have f1 : \sum_i f i ^+ 2 = 1.
  by rewrite -N1 wG (sqnorm_active kind a_orth).
have [i fi] : exists i, f i != 0.
  apply/existsP; apply: contra_eqT f1; rewrite negb_exists => /forallP z.
  rewrite big1 => [|i _]; first by rewrite eq_sym oner_eq0.
  by have := z i; rewrite negbK => /eqP ->; rewrite expr0n.
have [j ji] : exists j, j != i.
  have : (0 < #|predC1 i|)%N by rewrite cardC1 card_ord; move: m1; clear; lia.
  by case/card_gt0P => j ji; exists j.
pose x := f i; pose y := f j.
have xy1 : x ^+ 2 + y ^+ 2 <= 1.
  rewrite -f1 (bigD1 i) //= (bigD1 j) //= addrA -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => k _; exact: sqr_ge0.
have f0 k : kind = Relu -> 0 <= f k.
  by move=> kE; rewrite /f /Definitions.phi kE; case: ifP.
(* an angle so small that the coefficients stay nonnegative *)
have [d' [d'0 dd d1]] : exists d', [/\ 0 < d', d' <= d & d' <= 1].
  by case: (lerP d 1) => [|/ltW] dd; [exists d | exists 1]; split; rewrite ?lexx ?ltr01.
have [t [t0 td tx]] : exists t, [/\ 0 < t, t * 4%:R <= d' &
    kind = Relu -> 2%:R * t * y <= x * (1 - t ^+ 2)].
  have [kE|kE] : kind = Relu \/ kind <> Relu by case: kind; [right | left].
- have xp : 0 < x by rewrite lt_def fi f0.
  have yp : 0 <= y by exact: f0.
  have D0 : 0 < 4%:R * (y + 1) by rewrite mulr_gt0 ?ltr0n // (lt_le_trans ltr01) //; cert y.
  have [t [t0 _ td te]] := small d'0 (divr_gt0 xp D0) (ler0n R 4); exists t; split=> // _.
  have t4 : 0 <= 4%:R^-1 - t by have h := le_trans td d1; cert ((1 - t * 4%:R) / 4%:R).
  have xt : 0 <= x - t * (4%:R * (y + 1)).
    rewrite -{1}(@divfK _ (4%:R * (y + 1)) (lt0r_neq0 D0) x) -mulrBl mulr_ge0 ?subr_ge0 //;
      exact: ltW.
  have t0' := ltW t0; have xp' := ltW xp.
  cert (x * ((4%:R^-1 - t) * (4%:R^-1 + t) + 7%:R / 16%:R) + (x - t * (4%:R * (y + 1))) / 2%:R +
    2%:R * t).
- by have [t [t0 _ td _]] := small d'0 ltr01 (ler0n R 4); exists t; split.
pose D := 1 + t ^+ 2; have D0 : 0 < D by rewrite addr_gt0 ?ltr01 // exprn_gt0.
pose p := (1 - t ^+ 2) / D; pose q := 2%:R * t / D.
have pq : p ^+ 2 + q ^+ 2 = 1 by rewrite /p /q /D; field; rewrite gt_eqF.
have t1 : t <= 1.
  by have h := le_trans td d1; have t0' := ltW t0; cert ((1 - t * 4%:R) + 3%:R * t).
(* the rotated minimum *)
pose k l := if l == i then x * p - y * q else if l == j then x * q + y * p else f l.
have ki : k i = x * p - y * q by rewrite /k eqxx.
have kj : k j = x * q + y * p by rewrite /k (negbTE ji) eqxx.
have kl l : l != i -> l != j -> k l = f l by move=> /negbTE li /negbTE lj; rewrite /k li lj.
have kk : \sum_l k l ^+ 2 = 1.
  rewrite -f1 (bigD1 i) //= (bigD1 j) //= [RHS](bigD1 i) //= [X in _ = _ + X](bigD1 j) //= ki kj.
  rewrite (eq_bigr (fun l => f l ^+ 2)) => [|l /andP[li lj]]; last by rewrite kl.
  rewrite !addrA; congr (_ + _); rewrite -/x -/y -[RHS]mul1r -pq; ring.
have kpos l : phi (k l) = k l.
  rewrite /Definitions.phi; case kE: kind => //; suff -> : 0 <= k l by [].
  have Di : 0 <= D^-1 by rewrite invr_ge0 ltW.
  have t0' := ltW t0; have x0 : 0 <= x by exact: f0. have y0 : 0 <= y by exact: f0.
  rewrite /k; case: eqP => _; [|case: eqP => _; last exact: f0].
    have -> : x * p - y * q = (x * (1 - t ^+ 2) - 2%:R * t * y) * D^-1 by rewrite /p /q; ring.
    by rewrite mulr_ge0 // subr_ge0 tx.
  have -> : x * q + y * p = (2%:R * t * x + y * ((1 - t) * (1 + t))) * D^-1 by rewrite /p /q; ring.
  by positive.
pose w' := \sum_l k l *: a l.
have ck l : c w' l = k l by exact: dot_comb.
have L' : L w' = min_loss R m.
  apply/(minima kind a_orth m0); split; first by rewrite sqnorm_comb.
  by apply: eq_bigr => l _; rewrite ck kpos.
have hE : w' - w = \sum_l (k l - f l) *: a l.
  by rewrite {1}wG /w' /active_part -sumrB; apply: eq_bigr => l _; rewrite scalerBl.
have hN : N (w' - w) = (x ^+ 2 + y ^+ 2) * (2%:R * t) ^+ 2 / D.
  rewrite hE sqnorm_comb // (bigD1 i) //= (bigD1 j) //= big1 ?addr0 => [|l /andP[li lj]];
    last first.
    by rewrite kl // subrr expr0n.
  rewrite ki kj -/x -/y /p /q /D; field; by rewrite gt_eqF.
have x2 : 0 < x ^+ 2 by rewrite lt_def sqr_ge0 sqrf_eq0 fi.
have xy0 : 0 < x ^+ 2 + y ^+ 2 by apply: (lt_le_trans x2); rewrite -subr_ge0 addrC addKr sqr_ge0.
have := strict (w' - w); rewrite [w + _]addrCA subrr addr0 L' Lw ltxx => h; suff : false by [].
apply: h.
  by rewrite -sqnorm_eq0 hN gt_eqF // divr_gt0 // mulr_gt0 // exprn_gt0 // mulr_gt0 ?ltr0n.
rewrite hN; apply: le_trans dd; apply: le_trans td.
have t0' := ltW t0; have Di : 0 <= D^-1 by rewrite invr_ge0 ltW.
rewrite -subr_ge0; have -> : t * 4%:R - (x ^+ 2 + y ^+ 2) * (2%:R * t) ^+ 2 / D =
  (t * 4%:R * D - (x ^+ 2 + y ^+ 2) * (2%:R * t) ^+ 2) / D by field; rewrite gt_eqF.
rewrite mulr_ge0 // subr_ge0 /D.
cert ((1 - (x ^+ 2 + y ^+ 2)) * (2%:R * t) ^+ 2 + 4%:R * t * (1 - t) + 4%:R * t * t ^+ 2).
Qed.

(** One point: the minima are +-a_1, far from each other. *)
Lemma minimum_strict w : m = 1%N -> L w = min_loss R m -> strict_local_min L w.
Proof.
move=> m1 Lw; exists 1 => [|h h0 h1]; first exact: ltr01.
rewrite lt_def Lw global_minimum // andbT; apply/eqP => Lh.
have alone i : i = i0.
  apply: val_inj => /=; move: (ltn_ord i); move: (nat_of_ord i) => x; rewrite m1; by case: x.
have one v : L v = min_loss R m -> exists2 s, s ^+ 2 = 1 & v = s *: a i0.
  move=> Lv; have [N1 vG] := (minima kind a_orth m0 v).1 Lv.
  exists (phi (c v i0)).
    have := sqnorm_active kind a_orth v; rewrite -vG N1 /energy (bigD1 i0) //= big1 ?addr0 => // i.
    by rewrite (alone i) eqxx.
  rewrite {1}vG /active_part (bigD1 i0) //= big1 ?addr0 => // i.
  by rewrite (alone i) eqxx.
have [s s2 ws] := one w Lw; have [s' s2' ws'] := one _ Lh.
have hE : h = (s' - s) *: a i0 by rewrite scalerBl -ws' -ws addrC addKr.
move: h0 h1; rewrite -sqnorm_eq0 hE sqnormZ {1 2}/sqnorm a_orth eqxx mulr1 sqrf_eq0 subr_eq0 => ss.
have : (s' - s) * (s' + s) = 0 by rewrite -subr_sqr s2 s2' subrr.
move/eqP; rewrite mulf_eq0 subr_eq0 (negbTE ss) /= addr_eq0 => /eqP ->.
have -> : (- s - s) ^+ 2 = 4%:R * s ^+ 2 :> R by ring.
by rewrite s2 mulr1 leNgt ltr1n.
Qed.

Theorem strict_local_minima w : strict_local_min L w <-> L w = min_loss R m /\ m = 1%N.
Proof.
split=> [st|[Lw m1]]; last exact: minimum_strict.
have nz : quiet w -> w = 0.
  by move=> q; apply/eqP/negPn/negP => w0; have [] := silent_not_strict q w0.
case/(local_minima kind a_orth m0): (strict_min st) => [Lw|dd|[q N2]].
- split=> //; apply/eqP; rewrite eqn_leq m0 andbT leqNgt; apply/negP => m1.
  exact: minimum_not_strict m1 Lw st.
- have [_ /(_ i0)] := dd; by rewrite (nz (dead_silent dd)) /corr dot0l ltxx.
by move: N2; rewrite (nz q) /sqnorm dot0l ltNge ler0n.
Qed.
End Strict.
