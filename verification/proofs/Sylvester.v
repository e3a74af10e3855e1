(** Two determinant identities over an integral domain, for the spectrum of the Hessian. Idea.
    Sylvester: the block matrix [x I, U; V, I], cleared once by columns on the right and once on
    the left, has the determinants det(x I - U V) and, up to powers of x, det(x I - V U).
    Determinant lemma: if u is supported where the diagonal e has the one value z, then z (E - u^T
    v) = E (z I - u^T v), and Sylvester turns the last factor into a number. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Sylvester.
Variable R : comRingType.

(** Sylvester's determinant identity with a parameter x. *)
Lemma sylvester n m (x : R) (U : 'M[R]_(n, m)) (V : 'M[R]_(m, n)) :
  x ^+ m * \det (x%:M - U *m V) = x ^+ n * \det (x%:M - V *m U).
Proof.
pose B := block_mx x%:M U V 1%:M.
have clear_right : \det B = \det (x%:M - U *m V).
  have E : B *m block_mx 1%:M 0 (- V) 1%:M = block_mx (x%:M - U *m V) U 0 1%:M.
    rewrite /B mulmx_block !mulmx1 !mulmx0 !add0r mul1mx mulmxN; congr (block_mx _ _ _ _).
    by rewrite subrr.
  have := congr1 determinant E; rewrite det_mulmx det_lblock det_ublock !det1 !mulr1.
  by [].
have clear_left : \det B * x ^+ m = x ^+ n * \det (x%:M - V *m U).
  have E : B *m block_mx 1%:M (- U) 0 x%:M = block_mx x%:M 0 V (x%:M - V *m U).
    rewrite /B mulmx_block !mulmx1 !mulmx0 !addr0 !mulmxN mul1mx; congr (block_mx _ _ _ _).
      by rewrite mul_scalar_mx mul_mx_scalar addNr.
    by rewrite addrC.
  have := congr1 determinant E; rewrite det_mulmx det_lblock det_ublock !det1 !mul1r.
  by rewrite !det_scalar.
by rewrite mulrC -clear_right.
Qed.
End Sylvester.

Section DeterminantLemma.
Variable R : idomainType.

(** Rank one minus a diagonal whose entries are z wherever u is not 0. *)
Lemma diag_rank_one m (z : R) (e u v : 'rV[R]_m) :
  z != 0 -> (forall i, u 0 i != 0 -> e 0 i = z) ->
  z * \det (diag_mx e - u^T *m v) = (\prod_i e 0 i) * (z - (v *m u^T) 0 0).
Proof.
move=> z0 supp.
have Eu : diag_mx e *m u^T = z *: u^T.
  apply/matrixP => i j; rewrite mul_diag_mx !mxE ord1.
  by have [->|/supp ->] := eqVneq (u 0 i) 0; rewrite ?mulr0.
have prodE : diag_mx e *m (z%:M - u^T *m v) = z *: (diag_mx e - u^T *m v).
  by rewrite mulmxBr mulmxA Eu mul_mx_scalar -scalemxAl scalerBr.
have := congr1 determinant prodE; rewrite det_mulmx det_diag detZ => detE.
have one : z ^+ 1 * \det (z%:M - u^T *m v) = z ^+ m * (z - (v *m u^T) 0 0).
  rewrite sylvester det_mx11; congr (_ * _).
  by rewrite mxE [X in X + _ = _]mxE eqxx mulr1n [X in _ + X = _]mxE.
apply: (@mulfI _ (z ^+ m)); first by rewrite expf_neq0.
rewrite expr1 in one; by rewrite mulrCA -detE mulrCA one mulrCA.
Qed.
End DeterminantLemma.
