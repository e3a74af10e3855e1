(** At eta = m/2 (a = 1/2) the factor f of [GDContract] satisfies 1 + f >= 2 (1 - C)^2/(1 + C): the
    distance |1 - C^2| + (30/(a^2 e)) r still never grows, and falls by a fixed amount in every
    step in which it is not small; so it tends to 0. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDScalar GDContract GDStep TheoremsDescentWide.
From Whichmin Require Import Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variables (R : rcfType) (e : R).
Local Notation a := (2%:R^-1 : R).
Hypothesis e0 : 0 < e.

Lemma half_gt0 : 0 < a. Proof. by rewrite invr_gt0 ltr0n. Qed.
Lemma half_ok : 0 <= 1 - 2%:R * a.
Proof. by rewrite divff ?pnatr_eq0 // subrr. Qed.

Section Step.
Variables C r : R.
Hypothesis inv : safe a e C r.
Let k := 1 + a * (2%:R - 2%:R * C - r).
Let F := (k + 1) * (k ^+ 2 + 1).
Let f := 1 - C ^+ 2 * F / (1 + C).

Let e1 : e <= 1 := safe_e1 inv.
Let C0 : 0 <= C.
Proof. by case: inv => _ _ eC _ _; apply: le_trans eC; exact: ltW. Qed.
Let r0 : 0 <= r. Proof. by case: inv. Qed.
Let k0 : 0 < k. Proof. by case: inv. Qed.
Let k2 : 0 <= 2%:R - C - k.
Proof. by have -> : 2%:R - C - k = r / 2%:R; [rewrite /k; field | positive]. Qed.
Let C1 : 0 < 1 + C. Proof. by apply: (lt_le_trans ltr01); rewrite le_grow. Qed.
Let C2 : 0 <= 2%:R - C.
Proof. by have h := ltW k0; have -> : 2%:R - C = (2%:R - C - k) + k; [ring | positive]. Qed.

Lemma half_energy : 1 - (k ^+ 2 * C) ^+ 2 = (1 - C ^+ 2) * f + a * C ^+ 2 * F * r.
Proof.
have -> : (1 - C ^+ 2) * f = (1 - C ^+ 2) - (1 - C) * (C ^+ 2 * F).
  by rewrite /f; field; rewrite gt_eqF.
by rewrite /F /k; field.
Qed.

Lemma half_F : 1 <= F /\ C ^+ 2 * F <= 2%:R * (1 + C) - 2%:R * (1 - C) ^+ 2.
Proof.
have h := ltW k0; split; first by rewrite /F; cert (k ^+ 3 + k ^+ 2 + k).
have h3 : 0 <= 3%:R - C by have -> : 3%:R - C = (2%:R - C) + 1; [ring | positive].
apply: (@le_trans _ _ (C ^+ 2 * ((3%:R - C) * ((2%:R - C) ^+ 2 + 1)))).
  rewrite /F; have K2 := k2; move: (k) h K2 => K h K2.
  by cert (C ^+ 2 * ((2%:R - C - K) * ((2%:R - C) ^+ 2 + (2%:R - C) * K + K ^+ 2
    + (2%:R - C) + K + 1))).
by cert ((1 - C) ^+ 2 * (C * (2%:R - C) * (3%:R - C))).
Qed.

Lemma half_f : `|f| <= 1.
Proof.
have [F1 F2] := half_F; rewrite ler_norml /f; apply/andP; split.
  have : C ^+ 2 * F / (1 + C) <= 2%:R.
    by rewrite le_quot //; apply: (le_trans F2); cert (2%:R * (1 - C) ^+ 2).
  by move: (_ / _) => y h; cert (2%:R - y).
have : 0 <= C ^+ 2 * F / (1 + C).
  by rewrite divr_ge0 ?(ltW C1) // mulr_ge0 ?sqr_ge0 // (le_trans ler01).
by move: (_ / _) => y h; cert y.
Qed.

Lemma half_f_far x : 0 <= x -> x <= 1 -> x <= `|1 - C ^+ 2| -> `|f| <= 1 - e ^+ 2 * x ^+ 2 / 27%:R.
Proof.
move=> x0 x1 far; have [F1 F2] := half_F; case: inv => _ _ eC _ _; have e0' := ltW e0.
have h1 : 0 <= 1 - e by rewrite subr_ge0.
have hx : 0 <= 1 - x by rewrite subr_ge0.
have xx : x ^+ 2 <= 9%:R * (1 - C) ^+ 2.
  have -> : 9%:R * (1 - C) ^+ 2 = (3%:R * `|1 - C|) ^+ 2.
    by rewrite exprMn -normrX ger0_norm ?sqr_ge0 //; ring.
  apply: sqr_le_of_abs => //; apply: (le_trans far).
  have -> : 1 - C ^+ 2 = (1 + C) * (1 - C) by ring.
  rewrite normrM; apply: mul_le; rewrite ?normr_ge0 ?lexx // ger0_norm ?(ltW C1) //.
  by cert (2%:R - C).
have ex : e ^+ 2 * x ^+ 2 <= x ^+ 2 by cert (x ^+ 2 * ((1 - e) * (1 + e)));
  rewrite ?addr_ge0 ?ler01.
rewrite ler_norml /f; apply/andP; split.
  have : C ^+ 2 * F / (1 + C) <= 2%:R - e ^+ 2 * x ^+ 2 / 27%:R.
    rewrite le_quot //; apply: (le_trans F2).
    by cert (2%:R * (9%:R * (1 - C) ^+ 2 - x ^+ 2) / 9%:R + (3%:R * (x ^+ 2 - e ^+ 2 * x ^+ 2)
      + (2%:R - C) * (e ^+ 2 * x ^+ 2) + 3%:R * x ^+ 2) / 27%:R).
  by move: (_ / (1 + C)) => y h; cert (2%:R - e ^+ 2 * x ^+ 2 / 27%:R - y).
have : e ^+ 2 * x ^+ 2 / 27%:R <= C ^+ 2 * F / (1 + C).
  rewrite ge_quot //.
  apply: (@le_trans _ _ (C ^+ 2 * 1)); last by apply: mul_le; rewrite ?sqr_ge0 ?ler01 ?lexx.
  have ee : e ^+ 2 <= C ^+ 2 by apply: sqr_le_of_abs.
  have x2 : x ^+ 2 <= 1 by cert ((1 - x) * (1 + x)); rewrite ?addr_ge0 ?ler01.
  by cert ((C ^+ 2 - e ^+ 2) + e ^+ 2 * (1 - x ^+ 2) + e ^+ 2 * x ^+ 2 * (2%:R - C) / 27%:R
     + 24%:R / 27%:R * (e ^+ 2 * x ^+ 2)).
by move: (_ / (1 + C)) (_ / 27%:R) => y z h; cert (y - z).
Qed.

(** The distance never grows, and falls by e^2 x^3/27 if it is at least 2 x. *)
Lemma half_fall x : 0 <= x -> x <= 1 ->
  far a e (k ^+ 2 * C) ((1 - a * C) ^+ 2 * r) <= far a e C r /\
  (2%:R * x <= far a e C r ->
   far a e (k ^+ 2 * C) ((1 - a * C) ^+ 2 * r) <= far a e C r - e ^+ 2 * x ^+ 3 / 27%:R).
Proof.
move=> x0 x1; have e0' := ltW e0; have W0 : 0 <= weight a e by rewrite /weight; positive.
have h1 : 0 <= 1 - e by rewrite subr_ge0.
have [F1 F2] := half_F; have h := ltW k0.
have rr := rest_falls half_gt0 half_ok e0 inv.
have L : a * C ^+ 2 * F <= 30%:R.
  have k2' : 0 <= 2%:R - k by have -> : 2%:R - k = (2%:R - C - k) + C; [ring | positive].
  have F15 : F <= 15%:R by rewrite /F; move: (k) h k2' => K h k2'; cert ((2%:R - K) * (K ^+ 2 +
    3%:R * K + 7%:R)).
  have CC : C ^+ 2 <= 4%:R by cert ((2%:R - C) * (2%:R + C)).
  have F0 := le_trans ler01 F1.
  apply: (@le_trans _ _ (a * (4%:R * 15%:R))); last by cert (0 : R).
  by rewrite -mulrA; apply: mul_le => //; [positive | apply: mulr_ge0; rewrite ?sqr_ge0 | apply:
    mul_le; rewrite ?sqr_ge0].
have WE : weight a e * e = 120%:R by rewrite /weight; field; rewrite gt_eqF.
have base : far a e (k ^+ 2 * C) ((1 - a * C) ^+ 2 * r) <=
    `|1 - C ^+ 2| * `|f| + weight a e * r - 30%:R * r.
  rewrite /far half_energy; apply: (@le_trans _ _ (`|1 - C ^+ 2| * `|f| + 30%:R * r
    + weight a e * ((1 - a * e) * r))).
    apply: add_le; last first.
      apply: mul_le rr; [exact: W0 | apply: mulr_ge0; [exact: sqr_ge0 | exact: r0] | exact: lexx].
    apply: le_trans (abs_add _ _) _; rewrite normrM; apply: add_le => //.
    rewrite ger0_norm; first by rewrite -subr_ge0 -mulrBl mulr_ge0 ?subr_ge0 ?r0.
    apply: mulr_ge0 r0; apply: mulr_ge0; last exact: le_trans ler01 F1.
    by apply: mulr_ge0; [exact: ltW half_gt0 | exact: sqr_ge0].
  rewrite -subr_ge0; set D := (X in 0 <= X).
  have -> : D = r * (weight a e * e / 2%:R - 60%:R) by rewrite /D; field.
  by rewrite WE; have -> : 120%:R / 2%:R - 60%:R = 0 :> R; [field | rewrite mulr0].
have V0 := normr_ge0 (1 - C ^+ 2); have f1 := half_f.
split=> [|big].
  apply: (le_trans base); rewrite /far; move: `|1 - _| `|f| (weight _ _) V0 f1 W0 => V g W V0 g1 W0.
  by cert (V * (1 - g) + 30%:R * r).
apply: (le_trans base); rewrite /far in big *.
case: (lerP x `|1 - C ^+ 2|) => xV.
  have := half_f_far x0 x1 xV; move: `|1 - _| `|f| (weight _ _) V0 xV W0 => V g W V0 xV W0 g1.
  by cert (V * (1 - e ^+ 2 * x ^+ 2 / 27%:R - g) + e ^+ 2 * x ^+ 2 / 27%:R * (V - x) + 30%:R * r).
have xV' := ltW xV; have wr : x <= weight a e * r.
  move: `|_| xV' big => V xV' big; by cert ((V + weight a e * r - 2%:R * x) + (x - V)).
have er : e * x <= 120%:R * r by rewrite -WE; cert (e * (weight a e * r - x)).
have e2 : e ^+ 2 * x ^+ 3 <= e * x.
  have hx : 0 <= 1 - x by rewrite subr_ge0.
  by cert (e * x * ((1 - e) + e * ((1 - x) * (1 + x)))); rewrite ?addr_ge0 ?ler01.
move: `|1 - _| `|f| (weight _ _) V0 f1 W0 => V g W V0 g1 W0.
by cert (V * (1 - g) + (120%:R * r - e * x) / 4%:R + (e * x - e ^+ 2 * x ^+ 3) / 27%:R
   + 23%:R / 108%:R * (e * x)).
Qed.
End Step.
End Scalar.

(** A sequence that never grows and falls by a fixed amount whenever it is above B ends below B. *)
Lemma ends_below (R : rcfType) (W : nat -> R) (B om : R) : archimedean R -> 0 < om -> 0 <= B ->
  (forall t, W t.+1 <= W t) -> (forall t, B <= W t -> W t.+1 <= W t - om) ->
  exists T, forall t, (T <= t)%N -> W t <= B.
Proof.
move=> arch om0 B0 mono fall; have [T hT] := arch (W 0%N / om); exists T => t tT.
have [//|low] : W t <= B \/ W t <= W 0%N - t%:R * om.
  elim: t {tT} => [|t [IH|IH]]; first by right; rewrite mul0r subr0.
    by left; exact: le_trans (mono t) IH.
  case: (lerP B (W t)) => [BW|/ltW WB]; last by left; exact: le_trans (mono t) WB.
  right; apply: le_trans (fall t BW) _.
  by cert (W 0%N - t%:R * om - W t); rewrite -addn1 natrD; ring.
apply: (le_trans low); apply: le_trans B0; rewrite le_move add0r -le_quot //.
by apply: le_trans hT _; rewrite ler_nat.
Qed.

Theorem gd_converges_threshold : Statements.gd_converges_threshold.
Proof.
move=> R m n kind a w0 arch orth [i ei] r2 start; have C0 := active_energy ei.
have m0 := data_positive ei; have mp : 0 < m%:R :> R by rewrite ltr0n.
set eta := m%:R / 2%:R; have eta0 : 0 < eta by rewrite divr_gt0 ?ltr0n.
have eta1 : eta <= m%:R / 2%:R := lexx _.
have alE : eta / m%:R = 2%:R^-1 by rewrite /eta; field; rewrite gt_eqF.
have start' : sqnorm w0 + energy kind a w0 < 2%:R + m%:R / eta.
  apply: (lt_le_trans start); rewrite /eta.
  have -> : m%:R / (m%:R / 2%:R) = 2%:R :> R by field; rewrite gt_eqF.
  by rewrite -natrD lexx.
have k0 : 0 < multiplier kind a eta w0 by rewrite multiplier_gt0.
have t0 : 0 < 1 - rest kind a w0 / 2%:R by rewrite subr_gt0 lt_quot ?ltr0n // mul1r.
pose C1 := multiplier kind a eta w0 ^+ 2 * energy kind a w0.
have C10 : 0 < C1 by rewrite mulr_gt0 ?exprn_gt0.
have [e [e0 eC eC1 et]] := below_three C0 C10 t0.
have sw := safe_start orth eta0 eta1 start' eC eC1 et.
move=> d d0.
have [x [x0 x1 xd _]] := below_three (ltr01 : 0 < 1 :> R) (divr_gt0 (exprn_gt0 2 d0) (ltr0Sn R 1))
  ltr01.
pose w := gd_weights kind a eta w0; pose W t := far 2%:R^-1 e (energy kind a (w t)) (rest kind a (w
  t)).
have fall t : W t.+1 <= W t /\ (2%:R * x <= W t -> W t.+1 <= W t - e ^+ 2 * x ^+ 3 / 27%:R).
  have [st _] := safe_run orth eta0 eta1 e0 sw t; have ok := safe_no_flip eta0 eta1 e0 st.
  rewrite /W /w wS (energy_next orth ok) (rest_next orth ok) multiplierE alE.
  move: st; rewrite /safe_at alE => st; exact: (half_fall e0 st (ltW x0) x1).
have [T hT] : exists T, forall t, (T <= t)%N -> W t <= 2%:R * x.
  apply: (@ends_below R W (2%:R * x) (e ^+ 2 * x ^+ 3 / 27%:R)) => //.
  - by rewrite divr_gt0 ?ltr0n // mulr_gt0 ?exprn_gt0.
  - by have h := ltW x0; positive.
  - by move=> t; case: (fall t).
  by move=> t; case: (fall t).
exists T => t tT.
have [st dE] := safe_run orth eta0 eta1 e0 sw t; rewrite -dE.
apply: le_trans (far_bounds orth eta0 eta1 e0 st) _; rewrite alE.
apply: (le_trans (hT t tT)); by move: xd; rewrite ge_quot ?ltr0n // mulrC.
Qed.
