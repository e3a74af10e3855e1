(** The theorems on cyclic SGD, each proved as it is stated in [Statements]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange Converge CycStep.
From Whichmin Require Import CycLimit CycLead CycEnd CycRule CycNeeded WalkStep WalkMiss.
From Whichmin Require Import WalkLimit WalkLead WalkChance WalkNear SinglePoint Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma region_inside (R : realFieldType) n (eta : R) (w : 'rV[R]_n) : in_region eta w <->
  inside eta w.
Proof.
split=> [[/ltW h1 h2] //|[h1 h2]]; split=> //; rewrite lt_neqAle h1 andbT;
  apply: contraTneq h2 => ->.
rewrite -ltNge /slope subrr expr0n mulr0 addr0 -oppr_gt0.
by have -> : - (4%:R * (1 - 2%:R)) = 4%:R :> R by [ring]; rewrite ltr0n.
Qed.

Theorem cyclic_region : Statements.cyclic_region.
Proof.
move=> R m n kind a eta orth eta0 eta1 w; have e0 := ltW eta0; split=> [N1|iw].
  split; last exact: slope_ball.
  by apply: le_lt_trans N1 _; rewrite -subr_gt0 addrK ltr01.
have [N2 F0] := iw; split.
  case: (lerP (sqnorm w) 1) => N1; first by cert ((1 - sqnorm w) + eta / 4%:R).
  have d : 0 <= sqnorm w - 1 by rewrite subr_ge0 ltW.
  have N3 : 0 <= 3%:R - sqnorm w by cert ((2%:R - sqnorm w) + 1).
  move: (sqnorm w) F0 d N3 => x F0 d N3.
  by cert ((4%:R * (1 - x) + eta * (2%:R - x) ^+ 2) / 4%:R + eta / 4%:R * ((x - 1) * (3%:R - x))).
by move=> i; apply/region_inside; apply: inside_next => //; apply/region_inside.
Qed.

Theorem cyclic_leader_at_turn : Statements.cyclic_leader_at_turn.
Proof.
move=> R m n kind a eta w0 k arch orth eta0 eta1 /region_inside iw; exact: leader_wins.
Qed.

Theorem cyclic_first_leader : Statements.cyclic_first_leader.
Proof.
move=> R m n kind a eta w0 arch orth eta0 eta1 iw lw.
by have := @cyclic_leader_at_turn R m n kind a eta w0 0%N arch orth eta0 eta1 iw;
  rewrite turn_ord0; exact.
Qed.

Theorem cyclic_margin : Statements.cyclic_margin.
Proof.
move=> R m n kind a eta w0 l arch orth eta0 eta1 /region_inside iw l0 before after.
have := @leader_wins R m n kind a arch orth eta eta0 eta1 w0 iw l; rewrite turn_ord; apply.
exact: margin_leads.
Qed.

Theorem cyclic_rule : Statements.cyclic_rule.
Proof.
move=> R m n kind a eta w0 arch orth eta0 eta1 /region_inside iw some i; split=> [|[k [<- lk]]].
  case=> lim; first by apply: (limit_leads orth eta0 eta1 iw (s := 1)); rewrite ?expr1n ?scale1r.
  by apply: (limit_leads orth eta0 eta1 iw (s := -1)); rewrite ?sqrrN ?expr1n ?scaleN1r.
have := leader_wins arch orth eta0 eta1 iw lk; case: sgrP => c0.
- case: lk => /negP []; rewrite -[_ == 0]negbK (phi_sg kind (cyc_sg kind orth eta0 eta1 iw k _))
  negbK.
  by rewrite c0 /phi; case: (kind); rewrite ?lexx eqxx.
- by rewrite scale1r; left.
by rewrite scaleN1r; right.
Qed.

(** A step of 1/8 from 3 a_0 leads to -3 a_0, and from there back (linear) or nowhere (ReLU). *)
Theorem cyclic_region_needed : Statements.cyclic_region_needed.
Proof.
move=> R n kind a orth w0; have aa : dot (a ord0) (a ord0) = 1 by rewrite orth eqxx.
have cE (x : R) i : corr a (x *: a ord0) i = x by rewrite (ord1 i) /corr dotZl aa mulr1.
have three : 0 < 3%:R :> R by rewrite ltr0n.
have phiP (x : R) : phi kind x = x \/ phi kind x = 0.
  by rewrite /phi; case: kind; [left | case: ifP; [left | right]].
have p3 : phi kind 3%:R = 3%:R :> R by rewrite /phi; case: (kind); rewrite ?(ltW three).
split; first by split=> [|j]; rewrite !cE p3 ?gt_eqF ?lexx.
rewrite cE gtr0_sg // scale1r => /(_ 1 ltr01) [T lim].
have two t : exists2 x : R, cyclic_sgd kind a 8%:R^-1 w0 t = x *: a ord0 & x ^+ 2 = 9%:R.
  elim: t => [|t [x /= -> x9]]; first by exists 3%:R => //; ring.
  have gE : sample_gradient kind a ord0 (x *: a ord0) =
      (7%:R * phi kind x + phi kind x ^+ 2 * x) *: a ord0.
    rewrite /sample_gradient cE sqnormZ /sqnorm aa mulr1 x9 scalerA -scalerDl.
    by congr (_ *: _); ring.
  rewrite /step cards1 divr1 big_set1 (ord1 (turn 0 t)) gE scalerA -scalerBl.
  exists (x - 8%:R^-1 * (7%:R * phi kind x + phi kind x ^+ 2 * x)) => //.
  case: (phiP x) => ->; last by rewrite expr0n mul0r mulr0 addr0 mulr0 subr0.
  have -> : x - 8%:R^-1 * (7%:R * x + x ^+ 2 * x) = - x by rewrite x9; field.
  by rewrite sqrrN.
have := lim T (leqnn T); have [x -> x9] := two T.
rewrite -[X in _ - X]scale1r -scalerBl sqnormZ /sqnorm aa mulr1 expr1n leNgt => /negP; apply.
rewrite -subr_gt0; have -> : (x - 1) ^+ 2 - 1 = (x - 3%:R) ^+ 2 / 3%:R
  + 2%:R / 3%:R * (x ^+ 2 - 9%:R) + 3%:R by field.
rewrite x9 subrr mulr0 addr0; apply: (lt_le_trans three).
by cert ((x - 3%:R) ^+ 2 / 3%:R).
Qed.

(** A step of 1 from r a_0 leads to 2 r a_0, then to its opposite, and from there back or
    nowhere. *)
Theorem cyclic_step_size_needed : Statements.cyclic_step_size_needed.
Proof.
move=> R n kind a orth w0; have aa : dot (a ord0) (a ord0) = 1 by rewrite orth eqxx.
have cE (x : R) i : corr a (x *: a ord0) i = x by rewrite (ord1 i) /corr dotZl aa mulr1.
pose r : R := Num.sqrt 2%:R^-1; have half : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have r0 : 0 < r by rewrite sqrtr_gt0.
have r2 : r ^+ 2 = 2%:R^-1 by rewrite sqr_sqrtr // ltW.
have phiP (x : R) : phi kind x = x \/ phi kind x = 0.
  by rewrite /phi; case: kind; [left | case: ifP; [left | right]].
have pr : phi kind r = r by rewrite /phi; case: (kind); rewrite ?(ltW r0).
have N0 : sqnorm w0 = 2%:R^-1 by rewrite sqnormZ /sqnorm aa mulr1 -/r r2.
split; [by rewrite N0 invf_lt1 ?ltr0n // ltr1n | by split=> [|j];
  rewrite !cE -/r pr ?gt_eqF ?lexx |].
have quarter : 0 < 4%:R^-1 :> R by rewrite invr_gt0 ltr0n.
rewrite cE gtr0_sg // scale1r => /(_ _ quarter) [T lim].
have stepE x : step kind a 1 [set ord0] (x *: a ord0) =
    (x - ((x ^+ 2 - 2%:R) * phi kind x + phi kind x ^+ 2 * x)) *: a ord0.
  rewrite /step cards1 divr1 scale1r big_set1 /sample_gradient cE sqnormZ /sqnorm aa mulr1 scalerA.
  by rewrite -scalerDl -scalerBl.
have turn0 t : turn 0 t = ord0 by apply: val_inj; rewrite /= modn1.
have cs t : cyclic_sgd kind a 1 w0 t.+1 = step kind a 1 [set turn 0 t] (cyclic_sgd kind a 1 w0 t)
  by [].
have later t : exists2 x : R, cyclic_sgd kind a 1 w0 t.+1 = x *: a ord0 & x ^+ 2 = 2%:R.
  elim: t => [|t [x E x2]].
    exists (2%:R * r); last by rewrite exprMn r2; field.
    rewrite cs turn0 [cyclic_sgd _ _ _ _ 0%N]/(r *: a ord0) stepE pr; congr (_ *: _); rewrite r2.
    have -> : r - ((2%:R^-1 - 2%:R) * r + 2%:R^-1 * r) = 2%:R * r by field.
    by [].
  rewrite cs turn0 E stepE; eexists; first by [].
  case: (phiP x) => ->; first
    by rewrite x2 subrr mul0r add0r mulr_natl mulr2n opprD addrA subrr sub0r sqrrN.
  by rewrite mulr0 expr0n mul0r addr0 subr0.
have [x E x2] := later T; have := lim T.+1 (leqnSn T); rewrite E.
rewrite -[X in _ - X]scale1r -scalerBl sqnormZ /sqnorm aa mulr1 leNgt => /negP; apply.
rewrite -subr_gt0; have -> : (x - 1) ^+ 2 - 4%:R^-1 ^+ 2 = 5%:R / 7%:R * (x - 7%:R / 5%:R) ^+ 2
  + 2%:R / 7%:R * (x ^+ 2 - 2%:R) + 61%:R / 560%:R by field.
rewrite x2 subrr mulr0 addr0; have p : 0 < 61%:R / 560%:R :> R by rewrite divr_gt0 ?ltr0n.
by apply: (lt_le_trans p); cert (5%:R / 7%:R * (x - 7%:R / 5%:R) ^+ 2).
Qed.

Theorem cyclic_margin_needed : Statements.cyclic_margin_needed.
Proof.
move=> R n kind a arch orth w0; have d : 101%:R / 200%:R - 2%:R^-1 = 1 / 200%:R :> R by field.
have y0 : 2%:R^-1 < 101%:R / 200%:R :> R by rewrite -subr_gt0 d divr_gt0 ?ltr01 ?ltr0n.
have [c0 c1] := tied_corr orth (101%:R / 200%:R); rewrite -/w0 in c0 c1.
split; [| by rewrite c0 invr_gt0 ltr0n | by rewrite c0 c1 |].
  by apply/region_inside; apply: (tied_inside orth (ltW y0)); exact: lexx.
exact: (overtaken kind arch orth (ltW y0) (lexx _)).
Qed.

(** ** The random walk *)
Theorem walk_bounded : Statements.walk_bounded.
Proof.
move=> R m n kind a eta B w orth eta0 al1 N1 factor next.
have h l := lead_any kind orth eta0 al1 N1 l; split=> //.
have f0 : 0 <= factor.
  rewrite /factor; have : 0 <= eta / #|B|%:R by rewrite mulr_ge0 // invr_ge0 ler0n.
  by move: (eta / _) => A A0; cert (1 + 2%:R * A); exact: ler01.
by split; apply: largest_scale => // l; have [] := h l.
Qed.

Theorem walk_least : Statements.walk_least.
Proof. by move=> R m n kind a w i j; exact: largest_least. Qed.

Theorem walk_suffices : Statements.walk_suffices.
Proof. by move=> R m n kind a eta Bs w0 arch orth eta0 al1 N1 V; exact: lead_to_limit. Qed.

Theorem walk_suffices_point : Statements.walk_suffices_point.
Proof. by move=> R m n kind a eta Bs w0 l arch orth eta0 al1 N1 l0 V rec; exact: walk_limit. Qed.

Theorem walk_captured : Statements.walk_captured.
Proof.
move=> R Om W next possible X Y s p M level q w0 arch Om0 pn X0 Y0 s0 p0 pw l0 q1 con rea pw0.
exact: (capture_power arch Om0 pn X0 Y0 s0 p0 pw l0 q1 con rea pw0).
Qed.

(** Within e of a data point its lead is at least (1 - e)/(m e). *)
Theorem walk_unbounded : Statements.walk_unbounded.
Proof.
move=> R m n b kind a eta w0 arch orth bm step_size N1 some K p p0.
have M0 : 0 <= m%:R :> R by rewrite ler0n.
have K0 := normr_ge0 K; pose D : R := `|K| * m%:R + 1.
have D1 : 1 <= D by rewrite /D; cert (`|K| * m%:R).
have D0 : 0 < D := lt_le_trans ltr01 D1.
have e0 : 0 < D^-1 by rewrite invr_gt0.
have [T0 h] := @sgd_ends_at_one_point R m n b kind a eta w0 arch orth bm step_size N1 some D^-1 p
  e0 p0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => Bs; apply: contra.
case/existsP => l /andP[el near]; apply/existsP; exists l; rewrite el /=;
  apply: sub_all near => w near.
apply: (near_lead orth _ (ltW e0) _ near); first by rewrite -eligibleE.
  by rewrite invf_le1.
rewrite -subr_ge0; have -> : 1 - D^-1 - `|K| * m%:R * D^-1 = 1 - D / D by rewrite /D; ring.
by rewrite divff ?subrr ?lexx // gt_eqF.
Qed.
