(** Every global minimum attracts: the active part is nearest-point like, |P w0 - w*| <= |w0 - w*|
    for a minimum w* = P w*, because phi has slope at most 1; the rest is [TheoremsDescentWide.gd_converges]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDScalar GDContract GDStep TheoremsDescentWide.
From Whichmin Require Import Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Attract.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (orth : orthonormal a).

Lemma phi_lipschitz (s t : R) : (phi kind s - phi kind t) ^+ 2 <= (s - t) ^+ 2.
Proof.
rewrite /phi; case: kind; first exact: lexx.
case: (lerP 0 s) => s0; case: (lerP 0 t) => t0; [exact: lexx | | | ].
- have t1 : 0 <= - t by rewrite oppr_ge0 ltW.
  by cert (2%:R * s * (- t) + (- t) ^+ 2).
- have s1 : 0 <= - s by rewrite oppr_ge0 ltW.
  by cert (2%:R * t * (- s) + (- s) ^+ 2).
by rewrite subrr expr0n sqr_ge0.
Qed.

Lemma active_near (w v : 'rV[R]_n) :
  vnorm (active_part kind a w - active_part kind a v) <= vnorm (w - v).
Proof.
rewrite vnorm_le ?vnorm_ge0 // vnorm_sqr; apply: le_trans (bessel orth (w - v)).
have -> : active_part kind a w - active_part kind a v =
   \sum_i (phi kind (corr a w i) - phi kind (corr a v i)) *: a i.
  by rewrite /active_part -sumrB; apply: eq_bigr => i _; rewrite scalerBl.
rewrite (sqnorm_comb orth); apply: ler_sum => i _.
by apply: le_trans (phi_lipschitz _ _) _; rewrite /corr dotBl.
Qed.

Lemma some_eligible w : 0 < energy kind a w -> exists i, eligible kind a w i.
Proof.
case: (pickP (eligible kind a w)) => [i ei|no]; first by exists i.
by rewrite inactive_energy ?ltxx // => i; rewrite no.
Qed.
End Attract.

Theorem minima_attract : Statements.minima_attract.
Proof.
move=> R m n kind a eta w_min w0 orth eta0 eta1 wmin near.
have m0 := points_exist eta0 (ltW eta1); have mp : 0 < m%:R :> R by rewrite ltr0n.
have [N1 wG] := (minima kind orth m0 w_min).1 wmin.
have v1 : vnorm w_min = 1 := vnorm1 N1.
have gnear : vnorm (active_part kind a w0 - w_min) <= vnorm (w0 - w_min).
  by rewrite {1}wG active_near.
have G0 : active_part kind a w0 != 0.
  apply/eqP => G0; move: (le_trans gnear near).
  rewrite G0 sub0r vnormN v1 leNgt => /negP; apply.
  by rewrite invf_lt1 ?ltr0n // ltr1n.
have C0 : 0 < energy kind a w0 by rewrite -(sqnorm_active kind orth) sqnorm_gt0.
have N0 : sqnorm w0 <= 25%:R / 16%:R.
  have -> : 25%:R / 16%:R = (5%:R / 4%:R) ^+ 2 :> R by field.
  rewrite -vnorm_le; last by rewrite divr_ge0 ?ler0n.
  have := vnormD (w0 - w_min) w_min; rewrite subrK v1 => h; apply: le_trans h _.
  by cert (4%:R^-1 - vnorm (w0 - w_min)).
have CN := energy_le kind orth w0; have Cge := ltW C0.
have h25 : 25%:R / 16%:R < 2%:R :> R.
  by rewrite lt_quot ?ltr0n // -natrM ltr_nat.
have act := some_eligible C0.
have r2 : rest kind a w0 < 2%:R.
  apply: (le_lt_trans _ h25); apply: (le_trans _ N0); rewrite /rest le_move le_grow; exact: Cge.
have start : sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta.
  apply: (@lt_trans _ _ 4%:R).
    apply: (@le_lt_trans _ _ (25%:R / 16%:R + 25%:R / 16%:R)).
      by apply: add_le => //; exact: le_trans CN N0.
    have -> : 25%:R / 16%:R + 25%:R / 16%:R = 25%:R / 8%:R :> R by field.
    by rewrite lt_quot ?ltr0n // -natrM ltr_nat.
  have -> : 4%:R = 2%:R + 2%:R :> R by rewrite -natrD.
  rewrite -subr_gt0.
  have -> : 2%:R + m%:R / eta - (2%:R + 2%:R) = (m%:R / 2%:R - eta) * 2%:R / eta.
    by field; rewrite gt_eqF.
  by rewrite divr_gt0 // mulr_gt0 ?subr_gt0 ?ltr0n.
have [conv lmin] := gd_converges orth eta0 eta1 act r2 start.
exists (gd_direction kind a w0); split=> //.
apply: le_trans (normalised_near G0 v1) _.
by apply: mul_le gnear; rewrite ?ler0n ?vnorm_ge0 ?lexx.
Qed.
