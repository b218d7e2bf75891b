#!/usr/bin/env node
"use strict";
require("../dist/sessreap.cjs");
