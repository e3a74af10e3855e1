(** The larger correlation need not win: two points, eta = 1/5, correlations 1/2 and 101/200. After
    one cycle a_0, whose turn comes first, is ahead, and it is the limit. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob CycStep CycCycle CycLimit CycLead.
From Whichmin Require Import CycEnd CycRule Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.

(** After the step on a_0 the correlations are p and q; the step on a_1 leaves a_0 ahead. *)
Lemma still_ahead (p q : R) : 31%:R / 50%:R <= p -> 0 <= q -> q <= 12%:R / 25%:R ->
  (1 - 5%:R^-1 * q ^+ 2 + 5%:R^-1 * (2%:R - (p ^+ 2 + q ^+ 2))) * q <= (1 - 5%:R^-1 * q ^+ 2) * p.
Proof.
move=> p0 q0 q1; have pq : 0 <= p + 31%:R / 50%:R - q.
  by cert ((p - 31%:R / 50%:R) + (12%:R / 25%:R - q) + 19%:R / 25%:R).
have k0 : 0 <= 7%:R / 5%:R - (31%:R / 50%:R) ^+ 2 / 5%:R - 6%:R / 5%:R * (12%:R / 25%:R) ^+ 2 :> R.
  have -> : 7%:R / 5%:R - (31%:R / 50%:R) ^+ 2 / 5%:R - 6%:R / 5%:R * (12%:R / 25%:R) ^+ 2 =
    1 + 583%:R / 12500%:R :> R by field.
  by positive.
have k : 0 <= 7%:R / 5%:R - (31%:R / 50%:R) ^+ 2 / 5%:R
    + 31%:R / 50%:R * (q + 12%:R / 25%:R) / 5%:R
    - 2%:R / 5%:R * (q ^+ 2 + q * (12%:R / 25%:R) + (12%:R / 25%:R) ^+ 2).
  by cert (2%:R / 5%:R * ((12%:R / 25%:R - q) * (12%:R / 25%:R + q)
    + (12%:R / 25%:R - q) * (12%:R / 25%:R)) + 31%:R / 50%:R * (q + 12%:R / 25%:R) / 5%:R
    + (7%:R / 5%:R - (31%:R / 50%:R) ^+ 2 / 5%:R - 6%:R / 5%:R * (12%:R / 25%:R) ^+ 2)).
cert ((p - 31%:R / 50%:R) * (1 + q * (p + 31%:R / 50%:R - q) / 5%:R)
  + (12%:R / 25%:R - q) * (7%:R / 5%:R - (31%:R / 50%:R) ^+ 2 / 5%:R
    + 31%:R / 50%:R * (q + 12%:R / 25%:R) / 5%:R
    - 2%:R / 5%:R * (q ^+ 2 + q * (12%:R / 25%:R) + (12%:R / 25%:R) ^+ 2))
  + 89%:R / 1250%:R / 125%:R).
Qed.
End Scalar.

Section Overtaken.
Variables (R : realFieldType) (n : nat) (kind : activation) (a : 'I_2 -> 'rV[R]_n).
Hypotheses (arch : archimedean R) (orth : orthonormal a).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Local Notation i0 := (ord0 : 'I_2).
Local Notation i1 := (ord_max : 'I_2).
Local Notation eta := (5%:R^-1 : R).
Variable y : R.
Hypotheses (y0 : 2%:R^-1 <= y) (y1 : y <= 101%:R / 200%:R).
Definition tied : 'rV[R]_n := 2%:R^-1 *: a i0 + y *: a i1.

Let eta0 : 0 < eta. Proof. by rewrite invr_gt0 ltr0n. Qed.
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let eta1 : eta <= 5%:R^-1. Proof. exact: lexx. Qed.
Let half : 0 < 2%:R^-1 :> R. Proof. by rewrite invr_gt0 ltr0n. Qed.
Let yp : 0 < y. Proof. exact: lt_le_trans half y0. Qed.
Let y3 : y <= 51%:R / 100%:R. Proof. by apply: le_trans y1 _; cert (1 / 200%:R : R). Qed.

Lemma phi_pos x : 0 <= x -> phi x = x.
Proof. by move=> x0; rewrite /Definitions.phi; case: (kind); rewrite ?x0. Qed.

Lemma tied_corr : c tied i0 = 2%:R^-1 /\ c tied i1 = y.
Proof.
by rewrite /corr /tied !dotDl !dotZl !orth /= !mulr1 !mulr0 addr0 add0r.
Qed.

Lemma tied_norm : N tied = 4%:R^-1 + y ^+ 2.
Proof.
have [c0 c1] := tied_corr; rewrite /sqnorm {2}/tied dotDr !dotZr -/(c tied i0) -/(c tied i1) c0 c1.
by field.
Qed.

Lemma tied_inside : inside eta tied.
Proof.
have n1 : N tied <= 1.
  rewrite tied_norm; have yp' := ltW yp.
  by cert ((51%:R / 100%:R - y) * (51%:R / 100%:R + y) + 4899%:R / 10000%:R).
split; last exact: slope_ball.
by apply: le_trans n1 _; cert (1 : R); exact: ler01.
Qed.

Lemma two_points (j : 'I_2) : j = i0 \/ j = i1.
Proof. by case: j => [[|[]]] //= j2; [left | right]; apply: val_inj. Qed.

Lemma tied_leads : leads kind a i0 (cyclic_sgd kind a eta tied 2).
Proof.
have iw := tied_inside; have N1 := inside_norm eta_ge0 eta1 iw; have [c0 c1] := tied_corr.
have h := ltW half; have yp' := ltW yp.
have p0 : phi (c tied i0) = 2%:R^-1 by rewrite c0 phi_pos.
have p1 : phi (c tied i1) = y by rewrite c1 phi_pos.
have t0 : turn 1 0 = i0 by apply: val_inj.
have t1 : turn 1 1 = i1 by apply: val_inj.
rewrite !cyc_next t0 t1; set v := next kind a eta i0 tied.
have iv : inside eta v by exact: inside_next.
have Nv := inside_norm eta_ge0 eta1 iv.
have [s0 sg0] := sh_gt0 kind orth eta_ge0 eta1 i1 Nv.
have E0 := phi_next kind orth eta_ge0 eta1 i0 N1 i0;
  have E1 := phi_next kind orth eta_ge0 eta1 i0 N1 i1.
have F0 := phi_next kind orth eta_ge0 eta1 i1 Nv i0;
  have F1 := phi_next kind orth eta_ge0 eta1 i1 Nv i1.
have o0 : own kind a i0 tied = 4%:R^-1 by rewrite /own p0; field.
pose p : R := (19%:R / 20%:R + eta * (7%:R / 4%:R - y ^+ 2)) / 2%:R;
  pose q : R := 19%:R / 20%:R * y.
have pE : phi (c v i0) = p by rewrite E0 eqxx p0 /sh /gn o0 tied_norm /p; field.
have qE : phi (c v i1) = q by rewrite E1 /= p1 /sh o0 /q; field.
have o1 : own kind a i1 v = q ^+ 2 by rewrite /own qE.
have NE : N v = p ^+ 2 + q ^+ 2.
  by rewrite (norm_next kind orth) /norm_after o0 tied_norm /p /q; field.
have pp : 31%:R / 50%:R <= p.
  by rewrite /p; cert ((51%:R / 100%:R - y) * (51%:R / 100%:R + y) / 10%:R + 399%:R / 1000%:R /
    100%:R).
have q1 : q <= 12%:R / 25%:R.
  by rewrite /q; cert (19%:R / 20%:R * (101%:R / 200%:R - y) + 1 / 4000%:R).
have q0 : 0 <= q by rewrite /q; positive.
have p2 : 0 < p by apply: lt_le_trans pp; rewrite divr_gt0 ?ltr0n.
have ahead := still_ahead pp q0 q1; clearbody p q.
rewrite /leads F0 /= pE; move: s0 sg0; rewrite /sh /gn o1 NE => s0 sg0.
split; first by rewrite mulf_neq0 ?gt_eqF.
move=> j; case: (two_points j) => ->; first by rewrite F0 /= pE /sh /gn o1 lexx.
rewrite F1 /= qE /sh /gn o1 NE !normrM (gtr0_norm s0) (gtr0_norm sg0) (gtr0_norm p2) (ger0_norm q0).
exact: ahead.
Qed.

Theorem overtaken : converges_to (cyclic_sgd kind a eta tied) (a i0).
Proof.
have := @leader_wins R 1 n kind a arch orth eta eta0 eta1 tied tied_inside 2.
have -> : turn 1 2 = i0 by apply: val_inj.
have [-> _] := tied_corr; rewrite gtr0_sg // scale1r; apply; exact: tied_leads.
Qed.
End Overtaken.
