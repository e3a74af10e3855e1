(** Limits of sequences in an ordered field, as far as the convergence of SGD needs them: sums,
    products and ReLU are continuous; what holds eventually for each member of a finite family holds
    eventually for all. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Definition eventually (P : nat -> Prop) := exists T, forall t, (T <= t)%N -> P t.

Lemma eventually_all (I : finType) (P : I -> nat -> Prop) :
  (forall i, eventually (P i)) -> eventually (fun t => forall i, P i t).
Proof.
move=> ev; have [T hT] : eventually (fun t => forall i, i \in enum I -> P i t).
  elim: (enum I) => [|i s [T hT]]; first by exists 0%N.
  have [T' hT'] := ev i; exists (maxn T T') => t; rewrite geq_max => /andP[tT tT'] j.
  by rewrite in_cons => /orP[/eqP -> |js]; [exact: hT' | exact: hT].
by exists T => t tT i; apply: hT; rewrite ?mem_enum.
Qed.

Lemma eventually_and (P Q : nat -> Prop) :
  eventually P -> eventually Q -> eventually (fun t => P t /\ Q t).
Proof.
move=> [T hT] [T' hT']; exists (maxn T T') => t; rewrite geq_max => /andP[tT tT'].
by split; [exact: hT | exact: hT'].
Qed.

Lemma eventually_imp (P Q : nat -> Prop) : (forall t, P t -> Q t) -> eventually P -> eventually Q.
Proof. by move=> PQ [T hT]; exists T => t tT; apply: PQ; exact: hT. Qed.

Section Tends.
Variable R : realFieldType.
Implicit Types (x y : nat -> R) (l e : R).

Lemma norm_triangle (s t : R) : `|s + t| <= `|s| + `|t|.
Proof.
have s1 := ler_norm s; have s2 := ler_norm (- s); have t1 := ler_norm t; have t2 := ler_norm (- t).
rewrite !normrN in s2 t2; move: `|s| `|t| s1 s2 t1 t2 => p q s1 s2 t1 t2.
have [st|/ltW st] := lerP 0 (s + t); first by rewrite ger0_norm //; cert ((p - s) + (q - t)).
by rewrite ler0_norm //; cert ((p - - s) + (q - - t)).
Qed.

Definition tends x l := forall e, 0 < e -> eventually (fun t => `|x t - l| <= e).

Lemma tends_const l : tends (fun _ => l) l.
Proof. by move=> e e0; exists 0%N => t _; rewrite subrr normr0 ltW. Qed.

Lemma tends_ext x y l : (forall t, x t = y t) -> tends x l -> tends y l.
Proof. by move=> xy xl e e0; have := xl e e0; apply: eventually_imp => t; rewrite xy. Qed.

Lemma tends_lipschitz (f : R -> R) x l : (forall s t, `|f s - f t| <= `|s - t|) ->
  tends x l -> tends (fun t => f (x t)) (f l).
Proof.
move=> lip xl e e0; have := xl e e0; apply: eventually_imp => t; exact: le_trans (lip _ _).
Qed.

Lemma tendsN x l : tends x l -> tends (fun t => - x t) (- l).
Proof. by apply: (@tends_lipschitz -%R) => s t; rewrite -opprD normrN. Qed.

Lemma tends_shift x l : tends x l -> tends (fun t => x t.+1) l.
Proof.
by move=> xl e e0; have [T hT] := xl e e0; exists T => t tT; apply: hT; exact: leqW.
Qed.

Lemma half_gt0 e : 0 < e -> 0 < e / 2%:R. Proof. by move=> e0; rewrite divr_gt0 ?ltr0n. Qed.

Lemma tendsD x y l l' : tends x l -> tends y l' -> tends (fun t => x t + y t) (l + l').
Proof.
move=> xl yl e e0; have := eventually_and (xl _ (half_gt0 e0)) (yl _ (half_gt0 e0)).
apply: eventually_imp => t [xt yt].
have -> : x t + y t - (l + l') = (x t - l) + (y t - l') by ring.
apply: le_trans (norm_triangle _ _) _; move: xt yt; move: `|_| `|_| => p q pe qe.
by cert ((e / 2%:R - p) + (e / 2%:R - q)).
Qed.

Lemma tendsM x y l l' : tends x l -> tends y l' -> tends (fun t => x t * y t) (l * l').
Proof.
move=> xl yl e e0; pose s := 1 + `|l| + `|l'|; pose d := e / s.
have s0 : 0 < s.
  by apply: (lt_le_trans ltr01); rewrite /s -addrA -subr_ge0 addrC addKr addr_ge0.
have d0 : 0 < d by rewrite divr_gt0.
have := eventually_and (xl _ d0) (eventually_and (yl _ d0) (xl _ ltr01)).
apply: eventually_imp => t [xt [yt x1]].
have -> : x t * y t - l * l' = (x t - l) * (y t - l') + l * (y t - l') + (x t - l) * l' by ring.
have tri (p q r : R) : `|p + q + r| <= `|p| + `|q| + `|r|.
  have := norm_triangle (p + q) r; have := norm_triangle p q.
  move: `|p + q + r| `|p + q| `|p| `|q| `|r| => A B P Q S h1 h2.
  by cert ((B + S - A) + (P + Q - B)).
apply: le_trans (tri _ _ _) _; rewrite !normrM.
have -> : e = d * s by rewrite /d; field; rewrite gt_eqF.
rewrite /s; have := normr_ge0 (x t - l); have := normr_ge0 (y t - l').
have := normr_ge0 l; have := normr_ge0 l'.
move: `|x t - l| `|y t - l'| `|l| `|l'| xt yt x1 => p q u v pd qd p1 v0 u0 q0 p0.
cert ((1 - p) * q + (d - q) * 1 + u * (d - q) + (d - p) * v).
Qed.

Lemma tends_sum (I : Type) (r : seq I) (x : I -> nat -> R) (l : I -> R) :
  (forall i, tends (x i) (l i)) -> tends (fun t => \sum_(i <- r) x i t) (\sum_(i <- r) l i).
Proof.
move=> xl; elim: r => [|i r IH].
  by apply: (tends_ext (x := fun _ => 0)) => [t|]; rewrite big_nil //; exact: tends_const.
apply: (tends_ext (x := fun t => x i t + \sum_(j <- r) x j t)) => [t|]; rewrite big_cons //.
exact: tendsD.
Qed.

Lemma phi_lipschitz kind (s t : R) : `|phi kind s - phi kind t| <= `|s - t|.
Proof.
rewrite /phi; case: kind => //; case: (lerP 0 s) => s0; case: (lerP 0 t) => t0 //.
- have t1 : 0 <= - t by rewrite oppr_ge0 ltW.
  have st : 0 <= s - t by rewrite addr_ge0.
  by rewrite subr0 (ger0_norm s0) (ger0_norm st); cert (- t).
- have s1 : 0 <= - s by rewrite oppr_ge0 ltW.
  have st : 0 <= t - s by rewrite addr_ge0.
  by rewrite sub0r normrN distrC (ger0_norm t0) (ger0_norm st); cert (- s).
by rewrite subrr normr0.
Qed.

Lemma tends_phi kind x l : tends x l -> tends (fun t => phi kind (x t)) (phi kind l).
Proof. by apply: tends_lipschitz; exact: phi_lipschitz. Qed.

(** Different limits: eventually different. *)
Lemma tends_neq x y l l' : tends x l -> tends y l' -> l != l' -> eventually (fun t => x t <> y t).
Proof.
move=> xl yl ll'; pose e := `|l - l'| / 3%:R.
have n0 : 0 < `|l - l'| by rewrite normr_gt0 subr_eq0.
have e0 : 0 < e by rewrite divr_gt0 ?ltr0n.
have := eventually_and (xl _ e0) (yl _ e0); apply: eventually_imp => t [xt yt] xy.
rewrite xy in xt; have := norm_triangle (l - y t) (y t - l'); rewrite addrA subrK (distrC l (y t)).
move: xt yt n0; rewrite /e.
move: `|l - l'| `|y t - l| `|y t - l'| => A P Q h1 h2 A0 h.
have : A <= 2%:R / 3%:R * A by cert ((P + Q - A) + (A / 3%:R - P) + (A / 3%:R - Q)).
rewrite -subr_ge0 (_ : 2%:R / 3%:R * A - A = - (A / 3%:R)); last by field.
by rewrite oppr_ge0 leNgt divr_gt0 ?ltr0n.
Qed.

Lemma tends_gt0 x l : tends x l -> 0 < l -> eventually (fun t => 0 < x t).
Proof.
move=> xl l0; have := xl _ (half_gt0 l0); apply: eventually_imp => t.
rewrite distrC => near; have := le_trans (ler_norm _) near => le1.
apply: (@lt_le_trans _ _ (l / 2%:R)); first exact: half_gt0.
by cert (l / 2%:R - (l - x t)).
Qed.

(** ** Vectors, coordinate by coordinate *)
Variable n : nat.
Implicit Types (v w : nat -> 'rV[R]_n) (p q : 'rV[R]_n).
Definition vtends v p := forall j, tends (fun t => v t 0 j) (p 0 j).

Lemma vtends_const p : vtends (fun _ => p) p.
Proof. by move=> j; exact: tends_const. Qed.
Lemma vtendsD v w p q : vtends v p -> vtends w q -> vtends (fun t => v t + w t) (p + q).
Proof.
move=> vp wq j; apply: (tends_ext (x := fun t => v t 0 j + w t 0 j)) => [t|]; rewrite mxE //.
exact: tendsD.
Qed.
Lemma vtendsN v p : vtends v p -> vtends (fun t => - v t) (- p).
Proof.
by move=> vp j; apply: (tends_ext (x := fun t => - v t 0 j)) => [t|]; rewrite mxE //; exact: tendsN.
Qed.
Lemma vtendsZ x v l p : tends x l -> vtends v p -> vtends (fun t => x t *: v t) (l *: p).
Proof.
move=> xl vp j; apply: (tends_ext (x := fun t => x t * v t 0 j)) => [t|]; rewrite mxE //.
exact: tendsM.
Qed.
Lemma vtends_sum (I : Type) (r : seq I) (v : I -> nat -> 'rV[R]_n) (p : I -> 'rV[R]_n) :
  (forall i, vtends (v i) (p i)) -> vtends (fun t => \sum_(i <- r) v i t) (\sum_(i <- r) p i).
Proof.
move=> vp j; apply: (tends_ext (x := fun t => \sum_(i <- r) v i t 0 j)) => [t|]; rewrite summxE //.
by apply: tends_sum => i; exact: vp.
Qed.
Lemma tends_dot v w p q : vtends v p -> vtends w q -> tends (fun t => dot (v t) (w t)) (dot p q).
Proof. by move=> vp wq; apply: tends_sum => j; exact: tendsM. Qed.

(** Convergence of the norm is convergence of the coordinates. *)
Lemma coordinate_le (p : 'rV[R]_n) e j : 0 < e -> sqnorm p <= e ^+ 2 -> `|p 0 j| <= e.
Proof.
move=> e0 pe; have pj : p 0 j ^+ 2 <= e ^+ 2.
  apply: le_trans pe; rewrite /sqnorm /dot (bigD1 j) //= -expr2 -subr_ge0 addrC addKr.
  by apply: sumr_ge0 => k _; rewrite -expr2 sqr_ge0.
have s0 : 0 < `|p 0 j| + e by apply: lt_le_trans e0 _; rewrite -subr_ge0 addrK.
rewrite -subr_ge0 -(pmulr_rge0 _ s0).
have -> : (`|p 0 j| + e) * (e - `|p 0 j|) = e ^+ 2 - `|p 0 j| ^+ 2 by ring.
by rewrite real_normK ?num_real // subr_ge0.
Qed.
End Tends.
