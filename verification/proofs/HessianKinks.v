(** The one-sided second derivatives of the loss, and where the loss is twice differentiable.
    Idea. If |h|^2 is smaller than every c_i^2 that is not 0, then <h, a_i> moves no c_i across 0,
    and phi(c_i + <h, a_i>) = phi(c_i) + theta_i <h, a_i> exactly, theta_i the curvature of the
    side. So the active part is affine there, G(w + h) = G(w) + D h, |D h| <= |h|, and what
    remains of the gradient is of second order. At a kink the derivatives towards a_i and -a_i
    differ by (|w|^2 - 2)/m a_i. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape HessianSpectrum Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The slope of phi *)
Section Slope.
Variables (R : realFieldType) (kind : activation).
Local Notation phi := (@phi R kind).

Lemma phi_slope kappa t s : `|s| < `|t| \/ kind = Linear ->
  phi (t + s) = phi t + curvature kind kappa t * s.
Proof.
rewrite /Definitions.phi /curvature; case: kind; first by rewrite mul1r.
case=> // st; have t0 : t != 0 by rewrite -normr_gt0 (le_lt_trans (normr_ge0 s)).
rewrite (negbTE t0); case: (ltrgtP 0 t) t0 => // tp _.
  have -> : 0 <= t + s; last by rewrite mul1r.
  have := ler_norm (- s); rewrite normrN => sn; move: st; rewrite (gtr0_norm tp) => st.
  by rewrite -[s]opprK subr_ge0 ltW // (le_lt_trans sn st).
have -> : 0 <= t + s = false; last by rewrite mul0r addr0.
apply/negbTE; rewrite -ltNge; have := ler_norm s => sn; move: st; rewrite (ltr0_norm tp) => st.
by rewrite -oppr_gt0 opprD subr_gt0 (le_lt_trans sn st).
Qed.

Lemma phi_kink s : phi s = curvature kind (if 0 < s then 1 else 0) 0 * s.
Proof.
rewrite /Definitions.phi /curvature; case: kind; rewrite ?mul1r // eqxx.
by case: (ltrgtP 0 s) => [|_|<-]; rewrite ?mul1r ?mul0r.
Qed.
End Slope.

(** A finite number of positive bounds has a positive lower bound. *)
Lemma common_bound (R : realFieldType) (I : finType) (P : pred I) (F : I -> R) :
  (forall i, P i -> 0 < F i) -> exists2 d, 0 < d & forall i, P i -> d <= F i.
Proof.
move=> F0; pose d := \prod_(i | P i) (if F i <= 1 then F i else 1).
have term i : P i -> 0 < (if F i <= 1 then F i else 1) <= 1.
  by move=> Pi; case: ifP => h; rewrite ?F0 ?h // ltr01 lexx.
exists d => [|i Pi]; first by apply: prodr_gt0 => i /term/andP[].
rewrite /d (bigD1 i Pi) /=; have /andP[t0 t1] := term i Pi.
have /andP[r0 r1] : 0 <= \prod_(j | P j && (j != i)) (if F j <= 1 then F j else 1) <= 1.
  apply: (big_ind (fun x => 0 <= x <= 1)) => [|x y /andP[x0 x1] /andP[y0 y1]|j].
  - by rewrite ler01 lexx.
  - by rewrite mulr_ge0 // -[X in _ <= X]mulr1 mul_le.
  by case/andP=> /term/andP[/ltW -> ->].
apply: (@le_trans _ _ (if F i <= 1 then F i else 1)).
  by rewrite -[X in _ <= X]mulr1 mul_le // ltW.
by case: ifP => // /negbT; rewrite -ltNge => /ltW.
Qed.
