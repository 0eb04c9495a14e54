›
	IdemixMSP³
OU
Role
EnrollmentID
RevocationHandleD
 Ç¯_é8¯&sY7×‚ÕÙÛÎÍ'aè}fÒõS—aQÜj ºÿY–åË\k…·sÄŠ´)Ã^Òþ¦<ÇÀ­òD
  °¾›ÖBØâj²qb(Ý ­'Ù{íGŠ—÷£bÈ ß<ÍÑ“ 0~ßñMM&Õ{Zm%±oÖéKñhî*ˆ
 ñ;Q8	P³‰f;a´×›Kía#RCL.Ã¤â3Ú qÐ6Ï3˜”›X>yn±‰ù@OùÑE·Ì¡ßušµÚ›ÂÑ Óü«ÑöœÊßßiQüÝ™è¢èfç²ÐåÖ%œ•jç'" \ìb6I¨Cr7Ã§‰©°“¶|…ª²Ç1w²íØÈ’·2D
 +ØLZ Q„ýü¦“3?ÂÉ–Ëã×HÞ‚ç¢¦ 7ÆuÏ€kUÔË&x‚B!vM;fÝ¼oÆ¨iD)MÍ:D
 |zñ`OâiéœSÓŒ®³“ŒŠuÃÄ•X0AÈR6æe 4©7t‰·Åñ£z;–z5Æó›CWh^ŸËB ðeS½²Ý•1”§ÊäÒú×7§çvðÇ›zÏ³ýÊ~J dºpÒ`aT”)Aÿñ{á bçIúÊžÎ43°P–R ¬'¿šåÑ^D
³2ì¿‚Ä|iN/~eb°•Åé¸"×-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEPecylDamRtA7/DmDOcImhDjltK5h8TUL
RaF7AZ1gnhQ/7o6Zvr3qfZI8MGp2jEE2N1rfPoB9b1DdNz2b5tg5O4PrpQmPvelr
IduWMZCIuNYS5ou6ofaquBYE+2maayST
-----END PUBLIC KEY-----
