(** Stability of the minima exactly for eta <= m/2. Up to m/2 the distance of [GDContract] from the
    run's own limit never grows, and it is of the order of the distance D of the start from the
    minimum; beyond m/2 use [TheoremsDescentRay.gd_unstable_beyond]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDScalar GDContract GDStep TheoremsDescentWide.
From Whichmin Require Import TheoremsDescentAttract TheoremsDescentRay Points Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Stable.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Variables (w_min w0 : 'rV[R]_n).
Hypotheses (orth : orthonormal a) (eta0 : 0 < eta) (eta1 : eta <= m%:R / 2%:R).
Hypotheses (N1 : sqnorm w_min = 1) (wG : w_min = active_part kind a w_min).
Local Notation G := (active_part kind a).
Local Notation al := (eta / m%:R).
Local Notation D := (vnorm (w0 - w_min)).
Local Notation s := (vnorm (G w0)).
Local Notation r := (rest kind a w0).
Hypothesis near : D <= 16%:R^-1.

Let v1 : vnorm w_min = 1 := vnorm1 N1.
Let D0 : 0 <= D := vnorm_ge0 _.

Lemma active_dist : vnorm (G w0 - w_min) <= D.
Proof. by rewrite {1}wG; exact: active_near. Qed.

Lemma s_near : 0 <= 1 + D - s /\ 0 <= s - (1 - D).
Proof.
have h := active_dist; have h1 := vnormD (G w0 - w_min) w_min; rewrite subrK v1 in h1.
have h2 := vnormD (w_min - G w0) (G w0); rewrite subrK v1 vnorm_sym in h2.
move: (vnorm (G w0 - w_min)) (D) (s) h h1 h2 => x y z h h1 h2; rewrite !subr_ge0; split.
  by cert ((y - x) + (x + 1 - z)).
by cert ((y - x) + (x + z - 1)).
Qed.

Lemma energyE : energy kind a w0 = s ^+ 2.
Proof. by rewrite vnorm_sqr sqnorm_active. Qed.

Lemma r_small : 0 <= 4%:R * D ^+ 2 - r.
Proof.
rewrite subr_ge0 -(rest_sqnorm kind orth) -vnorm_sqr.
have -> : 4%:R * D ^+ 2 = (2%:R * D) ^+ 2 by ring.
apply: sqr_le_of_abs; first exact: vnorm_ge0.
apply: (le_trans (vnorm_triangle w_min _ _)); rewrite (vnorm_sym w_min (G w0)).
by have h := active_dist; move: (D) (vnorm (G w0 - w_min)) h => x y h; cert (x - y).
Qed.

Let e : R := 2%:R^-1.
Let e0 : 0 < e. Proof. by rewrite invr_gt0 ltr0n. Qed.

Lemma near_safe : safe_at kind a eta e w0.
Proof.
have al0 := ltW (al_pos eta0 eta1); have al1 := al_half eta0 eta1.
have [s1 s2] := s_near; have rs := r_small; have r0 := rest_ge0 kind orth w0.
rewrite /safe_at energyE /safe.
move: (D) (s) (r) (al) D0 near s1 s2 rs r0 al0 al1 => x z q A x0 x1 s1 s2 rs r0 A0 A1.
have x1' : 0 <= 16%:R^-1 - x by rewrite subr_ge0.
have z0 : 0 <= z - 15%:R / 16%:R by have -> : z - 15%:R / 16%:R = (z - (1 - x)) + (16%:R^-1 - x);
  [field | positive].
have z1 : 0 <= 17%:R / 16%:R - z by have -> : 17%:R / 16%:R - z = (1 + x - z) + (16%:R^-1 - x);
  [field | positive].
have q1 : 0 <= 64%:R^-1 - q by have -> : 64%:R^-1 - q = (4%:R * x ^+ 2 - q) + 4%:R * ((16%:R^-1 -
  x) * (16%:R^-1 + x)); [field | positive].
have zp : 0 <= z by have -> : z = (z - 15%:R / 16%:R) + 15%:R / 16%:R; [field | positive].
have zz : 7%:R / 8%:R <= z ^+ 2.
  by cert ((z - 15%:R / 16%:R) * (z + 15%:R / 16%:R) + 256%:R^-1).
set k := 1 + A * (2%:R - 2%:R * z ^+ 2 - q).
have kb : 4%:R / 5%:R <= k.
  have big : 0 <= 5%:R / 16%:R + (2%:R - 2%:R * z ^+ 2 - q).
    have -> : 5%:R / 16%:R + (2%:R - 2%:R * z ^+ 2 - q) =
      2%:R * (17%:R / 16%:R - z) * (17%:R / 16%:R + z) + (64%:R^-1 - q) + 5%:R / 128%:R by field.
    by positive.
  rewrite /k; move: (2%:R - 2%:R * z ^+ 2 - q) big => v big.
  by cert (A * (5%:R / 16%:R + v) + 5%:R / 32%:R * (1 - 2%:R * A) + 7%:R / 160%:R).
have kp : 0 < k by apply: lt_le_trans kb; rewrite divr_gt0 ?ltr0n.
have kk : 4%:R / 5%:R * (4%:R / 5%:R) <= k ^+ 2.
  rewrite expr2; by apply: mul_le => //; positive.
split=> //.
- by apply: le_trans zz; rewrite /e; cert (3%:R / 8%:R : R).
- apply: (@le_trans _ _ ((4%:R / 5%:R * (4%:R / 5%:R)) * (7%:R / 8%:R))).
    by rewrite /e; cert (3%:R / 50%:R : R).
  by apply: mul_le => //; positive.
by rewrite /e; cert ((64%:R^-1 - q) / 2%:R + 63%:R / 128%:R).
Qed.

Lemma far_small : far al e (energy kind a w0) r <= (8%:R + 4%:R * weight al e) * D.
Proof.
have [s1 s2] := s_near; have rs := r_small.
have W0 : 0 <= weight al e.
  apply: le_trans ler01 (weight_ge1 (al_pos eta0 eta1) (al_half eta0 eta1) e0 near_safe).
rewrite /far energyE; move: (D) (s) (r) (weight _ _) D0 near s1 s2 rs W0.
move=> x z q W x0 x1 s1 s2 rs W0; have x1' : 0 <= 16%:R^-1 - x by rewrite subr_ge0.
have z0 : 0 <= z by have -> : z = (z - (1 - x)) + (16%:R^-1 - x) + 15%:R / 16%:R; [field |
  positive].
have z1 : 0 <= 17%:R / 16%:R - z by have -> : 17%:R / 16%:R - z = (1 + x - z) + (16%:R^-1 - x);
  [field | positive].
have V : `|1 - (z ^+ 2) ^+ 2| <= x * 8%:R.
  have -> : 1 - (z ^+ 2) ^+ 2 = (1 - z) * ((1 + z) * (1 + z ^+ 2)) by ring.
  rewrite normrM; apply: mul_le; rewrite ?normr_ge0 //.
    rewrite ler_norml; apply/andP; split; first by cert (1 + x - z).
    by cert (z - (1 - x)).
  rewrite ger0_norm; last by positive.
  have za : 1 + z <= 33%:R / 16%:R by cert (17%:R / 16%:R - z).
  have zb : 1 + z ^+ 2 <= 3%:R by cert ((17%:R / 16%:R - z) * (17%:R / 16%:R + z) + 223%:R /
    256%:R).
  apply: (@le_trans _ _ (33%:R / 16%:R * 3%:R)); first by apply: mul_le => //; positive.
  by cert (29%:R / 16%:R : R).
apply: (le_trans (add_le V (lexx _))).
by cert (W * (4%:R * x ^+ 2 - q) + 4%:R * W * x * ((16%:R^-1 - x) + 15%:R / 16%:R)).
Qed.

Lemma stays_near c t : 0 <= c -> (8%:R + 4%:R * weight al e) * D <= c ^+ 2 ->
  vnorm (gd_weights kind a eta w0 t - w_min) <= c + 2%:R * D.
Proof.
move=> c0 cD; have sw := near_safe; have [st dE] := safe_run orth eta0 eta1 e0 sw t.
apply: (le_trans (vnorm_triangle (gd_direction kind a w0) _ _)); apply: add_le.
  rewrite vnorm_le //; apply: le_trans cD; apply: le_trans far_small.
  apply: le_trans (distance_run orth eta0 eta1 e0 sw t) _.
  rewrite -[X in _ <= X]mul1r; apply: mul_le; rewrite ?lexx //.
  - by rewrite exprn_ge0 // subr_ge0 ltW // (rate_lt1 (al_pos eta0 eta1) (al_half eta0 eta1) e0 sw).
  - exact: le_trans (sqnorm_ge0 _) (far_bounds orth eta0 eta1 e0 sw).
  have q0 : 0 <= 1 - loss_rate al e.
    by rewrite subr_ge0 ltW // (rate_lt1 (al_pos eta0 eta1) (al_half eta0 eta1) e0 sw).
  have q1 : 1 - loss_rate al e <= 1.
    rewrite le_move le_grow /loss_rate; have h := ltW (al_pos eta0 eta1).
    by have h1 := al_half eta0 eta1; positive.
  elim: (t) => [|i IH]; first by rewrite expr0.
  by rewrite exprS -[X in _ <= X](mulr1 1); apply: mul_le => //; exact: exprn_ge0.
have G0 : G w0 != 0.
  rewrite -vnorm_gt0; have [_ h] := s_near; apply: (@lt_le_trans _ _ (1 - D)).
    by rewrite subr_gt0; apply: (le_lt_trans near); rewrite invf_lt1 ?ltr0n // ltr1n.
  by rewrite -subr_ge0.
apply: (le_trans (normalised_near G0 v1)); apply: mul_le active_dist; rewrite ?ler0n ?lexx //.
exact: vnorm_ge0.
Qed.
End Stable.

Theorem gd_stable_iff : Statements.gd_stable_iff.
Proof.
move=> R m n kind a eta w_min arch orth eta0 wmin; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w_min).1 wmin; split=> [stable|eta1 e e0].
  rewrite leNgt; apply/negP => big.
  have mp : 0 < m%:R :> R by rewrite ltr0n.
  have [d0 _] := gd_unstable_beyond (1 : R) arch orth big wmin.
  set d := _ / _ in d0; have [c c0 hc] := stable d d0.
  have [x [x0 xc xd _]] := below_three c0 d0 d0.
  have ax : `|1 + x - 1| = x by rewrite addrC addKr gtr0_norm.
  have [_ leave] := gd_unstable_beyond (1 + x) arch orth big wmin.
  have [||T hT] := leave; first by rewrite -subr_eq0 addrC addKr gt_eqF.
    by rewrite ax.
  move: hT; rewrite ltNge => /negP; apply; apply: hc.
  by rewrite ray_distance // ax.
pose W : R := 8%:R + 4%:R * weight (eta / m%:R) 2%:R^-1.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have W0 : 0 < W.
  apply: (@lt_le_trans _ _ 8%:R); rewrite ?ltr0n // /W le_grow /weight.
  have h : 0 <= eta / m%:R by rewrite divr_ge0 ?ltW.
  by positive.
have q0 : 0 < (e / 2%:R) ^+ 2 / W by rewrite divr_gt0 // exprn_gt0 // divr_gt0 ?ltr0n.
have f0 : 0 < e / 4%:R by rewrite divr_gt0 ?ltr0n.
have s0 : 0 < 16%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have [d [d0 d1 d2 d3]] := below_three s0 f0 q0.
exists d => // w0 near t; have h2 : 0 <= e / 2%:R by rewrite divr_ge0 ?ler0n ?ltW.
apply: le_trans (stays_near orth eta0 eta1 N1 wG (le_trans near d1) t h2 _) _.
  by rewrite -/W mulrC -ge_quot //; exact: le_trans near d3.
by have h := le_trans near d2; move: (vnorm _) h => x h; cert (2%:R * (e / 4%:R - x)).
Qed.
