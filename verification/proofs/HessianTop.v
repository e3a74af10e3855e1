(** The eigenvalues of the Hessian at a global minimum: 4/m, and nothing else above 1/m.
    Idea: they are the roots of the characteristic polynomial; an eigenvector v of l has
    l |v|^2 = v H v^T, and the quadratic form is between 0 and 4/m |v|^2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Sylvester HessianSpectrum HessianPoly Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma root_pow (R : idomainType) (p : {poly R}) j x : root (p ^+ j) x -> root p x.
Proof. by rewrite /root horner_exp expf_eq0 => /andP[]. Qed.

Lemma outer_tr (R : realFieldType) n (u v : 'rV[R]_n) : (outer u v)^T = outer v u.
Proof. by rewrite /outer trmx_mul trmxK. Qed.

Lemma hessian_kappa_sym (R : realFieldType) m n kind (a : 'I_m -> 'rV[R]_n) kappa w :
  (hessian_kappa kind a kappa w)^T = hessian_kappa kind a kappa w.
Proof.
have trZ k (A : 'M[R]_n) : (k *: A)^T = k *: A^T by apply/matrixP => i j; rewrite !mxE.
have trD (A B : 'M[R]_n) : (A + B)^T = A^T + B^T by apply/matrixP => i j; rewrite !mxE.
rewrite /hessian_kappa /weighted_hessian trZ !trD !trZ trD !outer_tr trmx1 (addrC (outer _ w)).
rewrite raddf_sum /= (eq_bigr (fun i => curvature kind kappa (corr a w i) *: outer (a i) (a i))) //.
by move=> i _; rewrite trZ outer_tr.
Qed.

Section Top.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Variables (w : 'rV[R]_n) (kappa : R).
Hypothesis w_min : loss kind a w = min_loss R m.
Local Notation H := (hessian_kappa kind a kappa w).

Lemma top_is_eigenvalue : eigenvalue H (4%:R / m%:R).
Proof.
apply/eigenvalueP; exists w; first exact: eigenvector.
by rewrite -sqnorm_eq0 (norm1 a_orth w_min) oner_eq0.
Qed.

Lemma eigenvalue_ge0 l : kappa <= 1 -> eigenvalue H l -> 0 <= l.
Proof.
move=> k1 /eigenvalueP[v vH v0]; have N0 : 0 < sqnorm v by rewrite lt_def sqnorm_ge0 sqnorm_eq0 v0.
by have := rayleigh_ge0 a_orth w_min v k1; rewrite vH dotZl pmulr_lge0.
Qed.

Lemma eigenvalue_split l : 0 <= kappa -> eigenvalue H l -> l = 4%:R / m%:R \/ l <= 1 / m%:R.
Proof.
move=> k0; have q0 : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite eigenvalue_root_char (char_poly_at_minimum a_orth kappa w_min) !rootM.
case/orP=> [/orP[/orP[]|]|].
- by rewrite root_XsubC => /eqP; left.
- by move/root_pow; rewrite /root hornerX => /eqP->; right; rewrite mul1r.
- move/root_pow; rewrite root_XsubC => /eqP ->; right; rewrite -subr_ge0 -mulrBl.
  by rewrite mulr_ge0 // opprB addrC subrK.
by move/root_pow; rewrite root_XsubC => /eqP ->; right.
Qed.

Lemma eigenvalue_le_top l : - 3%:R <= kappa -> eigenvalue H l -> l <= 4%:R / m%:R.
Proof.
move=> k3; have le4 (x : R) : x <= 4%:R -> x / m%:R <= 4%:R / m%:R.
  by move=> x4; rewrite -subr_ge0 -mulrBl mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0.
rewrite eigenvalue_root_char (char_poly_at_minimum a_orth kappa w_min) !rootM.
case/orP=> [/orP[/orP[]|]|].
- by rewrite root_XsubC => /eqP->.
- by move/root_pow; rewrite /root hornerX => /eqP->; rewrite divr_ge0 ?ler0n.
- move/root_pow; rewrite root_XsubC => /eqP->; apply: le4; rewrite -subr_ge0.
  have -> : 4%:R - (1 - kappa) = kappa - - 3%:R by ring.
  by rewrite subr_ge0.
by move/root_pow; rewrite root_XsubC => /eqP->; apply: le4; rewrite ler1n.
Qed.
End Top.
