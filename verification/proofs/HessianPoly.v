(** The characteristic polynomial of the Hessian at a global minimum, in factors, and its roots.
    Idea: with x = X - 1/m the matrix X I - H is x I - A^T (D/m) A; Sylvester's identity turns its
    determinant into x^(n-m) det(x I - D/m), and x I - D/m is diagonal but for 4/m c^T c. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Sylvester HessianSpectrum Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The data as a matrix with orthonormal rows *)
Section DataMatrix.
Variables (R : realFieldType) (m n : nat) (a : 'I_m -> 'rV[R]_n).
Definition data : 'M[R]_(m, n) := \matrix_i a i.

Lemma data_orth : orthonormal a -> data *m data^T = 1%:M.
Proof.
move=> orth; apply/matrixP => i j; rewrite !mxE -orth.
by apply: eq_bigr => k _; rewrite !mxE.
Qed.

Lemma points_le_dimension : orthonormal a -> (m <= n)%N.
Proof. by move=> orth; exact: mulmx1_min (data_orth orth). Qed.

Lemma mul_data (d : 'rV[R]_m) : d *m data = \sum_i d 0 i *: a i.
Proof.
apply/rowP => j; rewrite summxE mxE; apply: eq_bigr => i _; by rewrite !mxE.
Qed.

Lemma data_diag (theta : 'rV[R]_m) :
  \sum_i theta 0 i *: outer (a i) (a i) = data^T *m (diag_mx theta *m data).
Proof.
apply/matrixP => j l; rewrite summxE mxE; apply: eq_bigr => i _.
by rewrite mul_diag_mx !mxE big_ord1 !mxE mulrCA.
Qed.
End DataMatrix.

Section CharPoly.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Variables (w : 'rV[R]_n) (kappa : R).
Hypothesis w_min : loss kind a w = min_loss R m.
Local Notation A := (data a).
Local Notation H := (hessian_kappa kind a kappa w).
Local Notation k := (active_count kind a w).
Local Notation on := (on kind a w).
Let q : R := m%:R^-1.
Let cw : 'rV[R]_m := \row_i corr a w i.
Let theta : 'rV[R]_m := \row_i (if on i then 1 else kappa).

Lemma weights_data : w = cw *m A.
Proof.
rewrite mul_data -[LHS](own_part a_orth w_min); apply: eq_bigr => i _.
by rewrite mxE (phi_corr a_orth w_min).
Qed.

Lemma hessian_data :
  H = q%:M + A^T *m ((q *: (4%:R *: (cw^T *m cw) - diag_mx theta)) *m A).
Proof.
rewrite /hessian_kappa /weighted_hessian (own_part a_orth w_min) (norm1 a_orth w_min).
rewrite (energy1 a_orth w_min) -/q scale1r.
have -> : \sum_i curvature kind kappa (corr a w i) *: outer (a i) (a i) =
    A^T *m (diag_mx theta *m A).
  rewrite -data_diag; apply: eq_bigr => i _.
  by rewrite mxE (curvature_on a_orth w_min).
have -> : outer w w = A^T *m ((cw^T *m cw) *m A).
  by rewrite /outer {1 2}weights_data trmx_mul !mulmxA.
rewrite -scalemxAl -scalemxAr mulmxBl mulmxBr -scalemxAl -scalemxAr.
move: (A^T *m _) (A^T *m _) => S T; apply/matrixP => i j; rewrite !mxE.
case: (i == j); rewrite ?mulr1n ?mulr0n; move: (S i j) (T i j) => s t; ring.
Qed.

Let x : {poly R} := 'X - q%:P.
Let rate (l : R) : {poly R} := 'X - (l / m%:R)%:P.

Lemma char_poly_at_minimum : char_poly H =
  rate 4%:R * 'X ^+ k.-1 * rate (1 - kappa) ^+ (m - k) * rate 1 ^+ (n - m).
Proof.
pose up (p r : nat) (M : 'M[R]_(p, r)) := map_mx polyC M.
pose U := up _ _ A^T; pose V := up _ _ ((q *: (4%:R *: (cw^T *m cw) - diag_mx theta)) *m A).
have HE : char_poly_mx H = x%:M - U *m V.
  rewrite /char_poly_mx hessian_data map_mxD map_scalar_mx map_mxM opprD addrA -/U -/V.
  by congr (_ - _); apply/matrixP => i j; rewrite /x !mxE mulrnBl.
pose e : 'rV[{poly R}]_m := \row_i (if on i then 'X else rate (1 - kappa)).
pose v := up _ _ ((q * 4%:R) *: cw).
have small : x%:M - V *m U = diag_mx e - (up _ _ cw)^T *m v.
  rewrite -map_mxM -mulmxA (data_orth a_orth) mulmx1 scalerBr map_mxB opprB addrA.
  rewrite scalerA; congr (_ - _); last first.
    by rewrite /v map_trmx -map_mxM scalemxAr.
  apply/matrixP => i j; rewrite !mxE /x; case: (i == j); rewrite ?mulr1n ?mulr0n; last first.
    by rewrite mulr0 addr0.
  rewrite /rate -/q; case: (on i); first by rewrite mulr1 subrK.
  by rewrite mulrBl mul1r polyCB opprB addrA addrAC (mulrC kappa).
have X0 : 'X != 0 :> {poly R} by rewrite polyX_eq0.
have supp i : up _ _ cw 0 i != 0 -> e 0 i = 'X.
  by rewrite !mxE polyC_eq0 => /(corr_on a_orth w_min) ->.
have := diag_rank_one v X0 supp; rewrite -small.
have -> : (v *m (up _ _ cw)^T) 0 0 = (4%:R / m%:R)%:P.
  rewrite /v map_trmx -map_mxM mxE; congr (_%:P); rewrite -scalemxAl mxE mxE.
  rewrite (eq_bigr (fun i => corr a w i ^+ 2)) => [|i _]; last by rewrite !mxE expr2.
  by rewrite (sum_corr_sqr a_orth w_min) mulr1 mulrC.
have -> : \prod_i e 0 i = 'X ^+ k * rate (1 - kappa) ^+ (m - k).
  by rewrite -prod_on; apply: eq_bigr => i _; rewrite mxE.
have kE := prednK (count_gt0 a_orth w_min).
rewrite -[in 'X ^+ k]kE exprS -!mulrA => /(mulfI X0) det_small.
have x0 : x != 0 by rewrite polyXsubC_eq0.
have mn := points_le_dimension a_orth.
apply: (@mulfI _ (x ^+ m)); first by rewrite expf_neq0.
rewrite /char_poly HE sylvester det_small -[in x ^+ n](subnK mn) exprD -/(rate 4%:R).
have -> : rate 1 = x by rewrite /rate mul1r.
by move: (x ^+ _) (x ^+ m) ('X ^+ _) (rate (1 - kappa) ^+ _) (rate 4%:R) => *; ring.
Qed.
End CharPoly.
